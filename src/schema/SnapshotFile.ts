/**
 * A snapshot as it is committed with the migrations.
 *
 * Its hash is that of its objects. A file that was edited has another one, so that
 * nobody makes a database look right by changing what it is compared with, and a
 * file that two branches have merged into a mixture is noticed.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { format, hashOf, Snapshot } from "../catalog/Snapshot.ts"
import { problemOf } from "../migration/internal/directory.ts"
import { parseJson } from "./internal/jsonText.ts"
import { SchemaError, UnusableSnapshot } from "./SchemaError.ts"

const unusable = (snapshot: string, problem: UnusableSnapshot["problem"], detail = ""): SchemaError =>
  new SchemaError({ reason: new UnusableSnapshot({ snapshot, problem, detail }) })

const Header = Schema.Struct({ format: Schema.Int, hash: Schema.String })

const decodeHeader = Schema.decodeUnknownEffect(Header)
const decodeSnapshot = Schema.decodeUnknownEffect(Snapshot)

/** A snapshot of which only the hash has been looked at. */
export interface Committed {
  /** Where it is, for messages. */
  readonly name: string
  readonly hash: string
  /** All of it, checked against its hash. */
  readonly snapshot: Effect.Effect<Snapshot, SchemaError>
}

/** Fails where the objects are not those of the hash. */
const checked = (name: string, snapshot: Snapshot): Effect.Effect<Snapshot, SchemaError> =>
  Effect.suspend(() =>
    hashOf(snapshot.objects) === snapshot.hash ? Effect.succeed(snapshot) : Effect.fail(unusable(name, "edited"))
  )

/** A snapshot that is given as a value. */
export const ofValue = (snapshot: Snapshot, name = "the snapshot"): Committed => ({
  name,
  hash: snapshot.hash,
  snapshot: checked(name, snapshot)
})

const firstLine = ({ message }: Error): string => message.split("\n", 1)[0] ?? ""

/** The contents of a file that is called `name` in messages. Large as it may be, it is decoded only when it is asked for. */
export const open = Effect.fnUntraced(function* (text: string, name: string): Effect.fn.Return<Committed, SchemaError> {
  const wrong = (error: Error) => unusable(name, "not a snapshot", firstLine(error))
  const value = yield* Effect.mapError(Effect.fromResult(parseJson(text)), (problem) =>
    unusable(name, "not a snapshot", `no JSON at ${problem}`)
  )
  const header = yield* Effect.mapError(decodeHeader(value), wrong)
  if (header.format > format) return yield* unusable(name, "newer", `format ${header.format}, known up to ${format}`)
  const snapshot = Effect.flatMap(Effect.mapError(decodeSnapshot(value), wrong), (decoded) => checked(name, decoded))
  return { name, hash: header.hash, snapshot }
})

/** The same from a path or a `file:` URL. */
export const openFile = Effect.fnUntraced(function* (
  file: string | URL
): Effect.fn.Return<Committed, SchemaError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const unreadable = (problem: string) => unusable(String(file), "unreadable", problem)
  const noPath = (error: Error) => unreadable(firstLine(error))
  const place = file instanceof URL ? yield* Effect.mapError(path.fromFileUrl(file), noPath) : file
  const text = Effect.mapError(files.readFileString(place), (error) => unreadable(problemOf(error)))
  return yield* open(yield* text, place)
})

/** The snapshot in a file, checked against its hash. */
export const read = (file: string | URL): Effect.Effect<Snapshot, SchemaError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(openFile(file), ({ snapshot }) => snapshot)
