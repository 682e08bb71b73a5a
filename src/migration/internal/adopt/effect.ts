/** `@effect/sql` and `effect/sql`: one row for each migration, by its number and name. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { adopter, applied, finderById, Instant, millisOf } from "./adopter.ts"

export const effect = adopter({
  tool: "effect",
  table: "effect_sql_migrations",
  columns: ["migration_id", "name", "created_at"],
  row: Schema.Struct({ id: Schema.String, name: Schema.String, at: Instant }),
  select: (table) =>
    `SELECT migration_id::text AS "id", name, ${millisOf("created_at")} AS "at" FROM ${table} ORDER BY migration_id`,
  interpret: (rows, candidates) => {
    const find = finderById(candidates)
    return Effect.succeed(
      applied(
        rows.map(({ at, id, name }) => ({
          label: `${id}_${name}`,
          migration: find(id, (other) => other === name),
          appliedAt: at ?? undefined
        }))
      )
    )
  }
})
