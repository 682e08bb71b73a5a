/**
 * golang-migrate: one row with the version that the database has, and whether the
 * last run broke off. All migrations up to it are applied; when, is not known.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { compareIds } from "../migration.ts"
import { adopter, applied, finderById } from "./adopter.ts"

export const golangMigrate = adopter({
  tool: "golang-migrate",
  table: "schema_migrations",
  columns: ["version", "dirty"],
  row: Schema.Struct({ version: Schema.String, dirty: Schema.Boolean }),
  select: (table) => `SELECT version::text AS "version", dirty FROM ${table}`,
  interpret: ([row], candidates) => {
    if (row === undefined) return Effect.succeed(applied([]))
    const { dirty, version } = row
    if (dirty) return Effect.succeed({ _tag: "Unfinished" as const, migrations: [version] })
    if (finderById(candidates)(version, () => true) === undefined) {
      return Effect.succeed(applied([{ label: version, migration: undefined, appliedAt: undefined }]))
    }
    const upTo = candidates.migrations.filter(({ id }) => compareIds(id, version) <= 0)
    return Effect.succeed(
      applied(upTo.map((migration) => ({ label: migration.up.file, migration, appliedAt: undefined })))
    )
  }
})
