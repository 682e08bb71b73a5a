/** Finds the histories of other tools in a database. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../../error/DatabaseError.ts"
import { InvalidResult } from "../../../error/Reason.ts"
import type { Adopter } from "./adopter.ts"
import { drizzle } from "./drizzle.ts"
import { effect } from "./effect.ts"
import { flyway } from "./flyway.ts"
import { golangMigrate } from "./golangMigrate.ts"
import { nodePgMigrate } from "./nodePgMigrate.ts"
import { prisma } from "./prisma.ts"

export const adopters: ReadonlyArray<Adopter> = [effect, drizzle, prisma, nodePgMigrate, flyway, golangMigrate]

/** A table that looks like the history of a tool. */
export interface Found {
  readonly adopter: Adopter
  /** Quoted, with its schema. */
  readonly table: string
}

const Table = Schema.Struct({ table: Schema.String, columns: Schema.Array(Schema.String) })

const decodeTables = Schema.decodeUnknownEffect(Schema.Array(Table))

const select = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS "table",
    ARRAY(
      SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS "columns"
  FROM pg_catalog.json_array_elements_text($1::text::json) AS asked
  JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(asked)::oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`

/** Those of the given tools, in `table`, or each where it puts it by default. */
export const find = (
  connection: Connection,
  tools: ReadonlyArray<Adopter>,
  table: string | undefined
): Effect.Effect<ReadonlyArray<Found>, DatabaseError> => {
  const asked = JSON.stringify(table === undefined ? tools.map((tool) => tool.table) : [table])
  return connection.execute(select, [asked], undefined).pipe(
    DatabaseError.refine,
    Effect.flatMap((rows) => decodeTables(rows)),
    Effect.catchTag("SchemaError", (error) =>
      Effect.fail(new DatabaseError({ reason: new InvalidResult({ failure: error.message, statement: select }) }))
    ),
    Effect.map((tables) =>
      tools.flatMap((adopter) =>
        tables
          .filter(({ columns }) => adopter.columns.every((column) => columns.includes(column)))
          .map((one) => ({ adopter, table: one.table }))
      )
    )
  )
}
