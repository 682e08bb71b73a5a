/** The package's version. Two levels up is its root both from `src` and from `dist`. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

const manifest = new URL("../../package.json", import.meta.url)

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))

export const version = Effect.gen(function* () {
  const { fromFileUrl } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  const text = yield* files.readFileString(yield* fromFileUrl(manifest))
  return (yield* decode(text)).version
}).pipe(Effect.orElseSucceed(() => "unknown"))
