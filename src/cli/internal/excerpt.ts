/** The place in a file at which a migration failed, for a person. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { excerpt } from "../../error/internal/excerpt.ts"
import { decodeText } from "../../migration/internal/checksum.ts"
import { MigrationError } from "../../migration/MigrationError.ts"
import type { MigrationSource } from "../../migration/MigrationSource.ts"
import { pathOf } from "./sources.ts"

/** Characters are counted as a server does, where the file's place is told in UTF-16 units. */
const positionOf = (text: string, line: number, column: number): number => {
  const before = text.split("\n").slice(0, line - 1)
  const index = before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1
  return Array.from(text.slice(0, index)).length + 1
}

/** A line of a text with its neighbours, and a caret under a column of it. */
export const excerptAt = (text: string, line: number, column: number): string | undefined =>
  excerpt(text, positionOf(text, line, column))

const show = Effect.fnUntraced(function* (
  sources: ReadonlyArray<MigrationSource>,
  reason: { readonly namespace: string; readonly file: string; readonly line: number; readonly column?: number }
) {
  const path = yield* pathOf(sources, reason)
  if (path === undefined) return undefined
  const files = yield* FileSystem.FileSystem
  const text = decodeText(yield* files.readFile(path)) ?? ""
  const { column = 1, line } = reason
  const place = excerptAt(text, line, column)
  const { relative, resolve } = yield* Path.Path
  const title = `${relative(resolve("."), path)}:${line}:${column}`
  return place === undefined ? title : `${title}\n${place}`
})

/** The lines of the file that failed, where the error says which. */
export const excerptOf = (error: unknown, sources: ReadonlyArray<MigrationSource>) =>
  Effect.suspend(() => {
    const place = error instanceof MigrationError ? placeOf(error.reason) : undefined
    return place === undefined ? Effect.undefined : Effect.orElseSucceed(show(sources, place), () => undefined)
  })

const placeOf = (reason: MigrationError["reason"]) => {
  if (reason._tag !== "VerifyFailed") return "line" in reason ? reason : undefined
  const { line, namespace, verify } = reason
  return line === undefined ? undefined : { namespace, file: verify, line }
}
