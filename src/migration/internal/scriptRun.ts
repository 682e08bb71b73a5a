/**
 * Runs a file of SQL as it stands, as psql would: statement by statement on one
 * connection, without a history and without a transaction around it. What
 * migrations may have in their files may be in it too.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { readText, refuse, sql as script } from "./directory.ts"
import { send } from "./execution.ts"
import { statementFailed } from "./failed.ts"
import type { Migration } from "./migration.ts"
import { prepare } from "./prepare.ts"
import { sectionsOf } from "./sections.ts"
import { leave } from "./settings.ts"

export interface ScriptFile {
  readonly namespace: string
  /** As messages call it. */
  readonly file: string
  readonly path: string
}

/** What of a file is run: of one with sections, that which applies it. */
export const scriptText = Effect.fnUntraced(function* ({ namespace, path }: ScriptFile) {
  const text = yield* readText(yield* FileSystem.FileSystem, namespace, path)
  const sections = sectionsOf(text)
  if (typeof sections === "string") return yield* refuse(namespace, path, sections)
  return sections?.up ?? text
})

/** As `role`, or else as the login. The session is left as it was. */
export const runScript = Effect.fnUntraced(function* (given: ScriptFile, role: string | undefined) {
  const { file, namespace } = given
  const up = script(
    { file },
    scriptText(given).pipe(Effect.provideService(FileSystem.FileSystem, yield* FileSystem.FileSystem))
  )
  const none = { down: undefined, verify: undefined, checksum: undefined }
  const migration: Migration = { namespace, id: file, name: file, kind: "sql", up, ...none }
  const work = yield* prepare(migration, up, "up")
  if (work?._tag !== "Statements") return
  const prepared = { migration, direction: "up", script: up, work } as const
  const connection = yield* DatabaseError.refine((yield* SqlClient).reserve)
  const all = Effect.forEach(
    work.statements,
    (statement, index) =>
      send(connection, statement.text, statement.copyData).pipe(
        Effect.mapError((error) => DatabaseError.fromSqlError(error, { statement: statement.text })),
        Effect.mapError(statementFailed(prepared, index + 1, statement))
      ),
    { discard: true }
  )
  const act = role === undefined ? Effect.void : send(connection, `SET ROLE ${quoteIdentifier(role)}`, undefined)
  yield* Effect.andThen(DatabaseError.refine(act), all)
  yield* leave(connection)
}, Effect.scoped)
