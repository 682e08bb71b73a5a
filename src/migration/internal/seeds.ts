/**
 * Reads the seeds of an environment. Each is a repeatable migration: it runs once,
 * and again when its contents have changed.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { type SeedSource, seedsNamespace as namespace } from "../MigrationSource.ts"
import { checksum } from "./checksum.ts"
import { problemOf, readText, refuse, resolve, sql, unreadable } from "./directory.ts"
import { isNear } from "./fileAdvice.ts"
import type { Migration } from "./migration.ts"

export const seedsOf = Effect.fnUntraced(function* ({ directory, environment }: SeedSource) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = yield* resolve({ namespace, directory })
  const names = yield* fs
    .readDirectory(root)
    .pipe(Effect.mapError((error) => unreadable(namespace, root)({ message: problemOf(error) })))
  const always = yield* Effect.forEach(seedNames(names), (name) => fromFile(path.join(root, name), name))
  if (environment === undefined) return always
  const folder = path.join(root, environment)
  const meant = names.find((name) => name !== environment && isNear(name, environment.toLowerCase()))
  if (!names.includes(environment)) {
    // Most environments need none of their own; one that is misspelt would be left without in silence.
    return meant === undefined
      ? always
      : yield* refuse(namespace, folder, `there is no such folder; is ${meant} meant?`)
  }
  const own = yield* fs
    .readDirectory(folder)
    .pipe(Effect.mapError((error) => unreadable(namespace, folder)({ message: problemOf(error) })))
  const file = (name: string) => `${environment}/${name}`
  return [
    ...always,
    ...(yield* Effect.forEach(seedNames(own), (name) => fromFile(path.join(folder, name), file(name))))
  ]
})

const seedNames = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => name.endsWith(".sql") && !name.startsWith(".")).toSorted()

/** `file` is the path below the directory, which tells apart what two environments call the same. */
const fromFile = Effect.fnUntraced(function* (path: string, file: string) {
  const text = yield* readText(yield* FileSystem.FileSystem, namespace, path)
  const name = file.replace(/\.sql$/u, "")
  return {
    namespace,
    id: `R__${name}`,
    name,
    kind: "repeatable",
    checksum: checksum(text),
    up: sql({ file: `seeds/${file}` }, Effect.succeed(text)),
    down: undefined,
    verify: undefined
  } satisfies Migration
})
