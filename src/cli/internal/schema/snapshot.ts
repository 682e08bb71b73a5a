/** `pgkeel schema snapshot`. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import * as Snapshot from "../../../catalog/Snapshot.ts"
import { type Answer, answering, done } from "../answer.ts"
import { count } from "../table.ts"
import { of, out } from "./flags.ts"
import { options } from "./options.ts"
import { snapshotOfEither } from "./source.ts"

const take = Effect.fnUntraced(function* (argument: string | undefined, file: string | undefined) {
  const snapshot = yield* snapshotOfEither(argument, yield* options)
  const text = Snapshot.toText(snapshot)
  if (file === undefined) {
    const json = yield* decodeJson(text)
    return { ...done({ snapshot: json }, text.trimEnd()), verbatim: true } satisfies Answer
  }
  const { resolve } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  yield* files.writeFileString(resolve(file), text)
  const { hash, objects } = snapshot
  return done({ out: file, hash, objects: objects.length }, `wrote ${file}: ${count(objects.length, "object")}`)
})

const decodeJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Json))

export const snapshot = Command.make("snapshot", { of, out: out("the snapshot") }, ({ of, out }) =>
  answering(take(of, out))
).pipe(
  Command.withDescription("Write the whole schema as JSON, to be committed with the migrations"),
  Command.withExamples([{ command: "pgkeel schema snapshot --out migrations/schema.json" }])
)
