/** node-pg-migrate: one row for each migration, by the name of its file without the ending. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { adopter, applied, finderByStem, Instant, millisOf } from "./adopter.ts"

export const nodePgMigrate = adopter({
  tool: "node-pg-migrate",
  table: "pgmigrations",
  columns: ["id", "name", "run_on"],
  row: Schema.Struct({ name: Schema.String, at: Instant }),
  select: (table) => `SELECT name, ${millisOf("run_on")} AS "at" FROM ${table} ORDER BY id`,
  interpret: (rows, candidates) => {
    const find = finderByStem(candidates)
    return Effect.succeed(
      applied(rows.map(({ at, name }) => ({ label: name, migration: find(name), appliedAt: at ?? undefined })))
    )
  }
})
