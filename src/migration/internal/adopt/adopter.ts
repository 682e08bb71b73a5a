/** What is the same for the histories of all tools: where they are, what they say, and which migration a row means. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../../error/DatabaseError.ts"
import { InvalidResult } from "../../../error/Reason.ts"
import { idKey, type Migration } from "../migration.ts"

export type ForeignTool = "effect" | "drizzle" | "prisma" | "node-pg-migrate" | "flyway" | "golang-migrate"

/** What the sources have that a row may mean: none that is repeatable. */
export interface Candidates {
  readonly migrations: ReadonlyArray<Migration>
  /** A file in the directory of the source; `undefined` if it is not there. */
  readonly readFile: (path: string) => Effect.Effect<string | undefined>
}

/** Something that the other tool has applied. */
export interface Adopted {
  /** What the tool calls it. */
  readonly label: string
  readonly migration: Migration | undefined
  readonly appliedAt: DateTime.Utc | undefined
}

/** All that was applied, or why that cannot be told. */
export type Reading =
  | { readonly _tag: "Applied"; readonly rows: ReadonlyArray<Adopted> }
  | { readonly _tag: "Unfinished"; readonly migrations: ReadonlyArray<string> }

export interface Adopter {
  readonly tool: ForeignTool
  /** Where the tool puts it, unless it is told otherwise. */
  readonly table: string
  /** By these the table is recognised. */
  readonly columns: ReadonlyArray<string>
  /** `table` is quoted. */
  readonly read: (
    connection: Connection,
    table: string,
    candidates: Candidates
  ) => Effect.Effect<Reading, DatabaseError>
}

interface Definition<Row> {
  readonly tool: ForeignTool
  readonly table: string
  readonly columns: ReadonlyArray<string>
  readonly row: Schema.Codec<Row, unknown>
  /** `table` is quoted. */
  readonly select: (table: string) => string
  readonly interpret: (rows: ReadonlyArray<Row>, candidates: Candidates) => Effect.Effect<Reading>
}

export const adopter = <Row>({ columns, interpret, row, select, table, tool }: Definition<Row>): Adopter => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(row))
  return {
    tool,
    table,
    columns,
    read: (connection, name, candidates) =>
      connection.executeUnprepared(select(name), [], undefined).pipe(
        DatabaseError.refine,
        Effect.flatMap((rows) => decode(rows)),
        Effect.catchTag("SchemaError", (error) =>
          Effect.fail(
            new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: select(name) }) })
          )
        ),
        Effect.flatMap((rows) => interpret(rows, candidates))
      )
  }
}

/** An instant, in whole milliseconds. A `timestamp` is taken for one of the session's time zone, as `now()` in it was. */
export const millisOf = (column: string): string => `floor(extract(epoch FROM ${column}::timestamptz) * 1000)::float8`

export const Instant = Schema.NullOr(Schema.DateTimeUtcFromMillis)

export const applied = (rows: ReadonlyArray<Adopted>): Reading => ({ _tag: "Applied", rows })

/** Finds a migration by its id, as a number, and then looks whether its name is right. */
export const finderById = ({ migrations }: Candidates) => {
  const byId = new Map(migrations.map((migration) => [idKey(migration.id), migration]))
  return (id: string, isName: (name: string) => boolean): Migration | undefined => {
    const found = byId.get(idKey(id))
    return found !== undefined && isName(found.name) ? found : undefined
  }
}

/** Finds a migration by what stood in front of its ending: `0001_users`, or `0001-users`. */
export const finderByStem = ({ migrations }: Candidates) => {
  const byStem = new Map(
    migrations.flatMap((migration) => [
      [`${migration.id}_${migration.name}`, migration],
      [`${migration.id}-${migration.name}`, migration]
    ])
  )
  return (stem: string): Migration | undefined => byStem.get(stem)
}
