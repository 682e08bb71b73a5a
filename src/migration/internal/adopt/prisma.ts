/**
 * Prisma: one row for each try, by the name of the migration's folder. A try that
 * did not finish is undone when it has been resolved as rolled back.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { adopter, applied, finderByStem, Instant, millisOf } from "./adopter.ts"

export const prisma = adopter({
  tool: "prisma",
  table: "_prisma_migrations",
  columns: ["migration_name", "checksum", "finished_at", "rolled_back_at"],
  row: Schema.Struct({ name: Schema.String, finished: Instant, undone: Schema.Boolean }),
  select: (table) => `
    SELECT migration_name AS "name", ${millisOf("finished_at")} AS "finished", rolled_back_at IS NOT NULL AS "undone"
    FROM ${table} ORDER BY started_at, migration_name`,
  interpret: (rows, candidates) => {
    const find = finderByStem(candidates)
    const tried = rows.filter(({ undone }) => !undone)
    const unfinished = tried.filter(({ finished }) => finished === null).map(({ name }) => name)
    return Effect.succeed(
      unfinished.length > 0
        ? { _tag: "Unfinished" as const, migrations: unfinished }
        : applied(
            tried.map(({ finished, name }) => ({
              label: name,
              migration: find(name),
              appliedAt: finished ?? undefined
            }))
          )
    )
  }
})
