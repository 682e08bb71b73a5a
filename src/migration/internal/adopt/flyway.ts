/**
 * Flyway: one row for everything it ever did, in order. Versions are ids here,
 * with dashes for their dots, and descriptions are names, with spaces for the
 * underscores. Repeatable ones are left to the next `up`, which runs them once more.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { compareIds, isId, type Migration } from "../migration.ts"
import { type Adopted, adopter, applied, type Candidates, finderById, Instant, millisOf } from "./adopter.ts"

const Row = Schema.Struct({
  version: Schema.NullOr(Schema.String),
  description: Schema.String,
  /** Such as `SQL`, `UNDO_SQL`, `BASELINE`, `SQL_BASELINE`, `SCHEMA` or `DELETE`. */
  type: Schema.String,
  success: Schema.Boolean,
  at: Instant
})
type Row = typeof Row.Type

export const flyway = adopter({
  tool: "flyway",
  table: "flyway_schema_history",
  columns: ["installed_rank", "version", "description", "type", "success"],
  row: Row,
  select: (table) => `
    SELECT version, description, type, success, ${millisOf("installed_on")} AS "at" FROM ${table} ORDER BY installed_rank`,
  interpret: (rows, candidates) => {
    const failed = rows.filter(({ success }) => !success)
    return Effect.succeed(
      failed.length > 0
        ? { _tag: "Unfinished" as const, migrations: failed.map(labelOf) }
        : applied(inForce(rows).flatMap(adoptedBy(candidates)))
    )
  }
})

const labelOf = ({ description, version }: Row): string =>
  version === null ? description : `V${version} "${description}"`

/** What was undone, or deleted from the history, does not count any more. */
const inForce = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const versions = new Map<string, Row>()
  for (const row of rows) {
    if (row.version === null || row.type === "SCHEMA") continue
    if (row.type.startsWith("UNDO") || row.type === "DELETE") versions.delete(row.version)
    else versions.set(row.version, row)
  }
  return Array.from(versions.values())
}

const adoptedBy = (candidates: Candidates) => {
  const find = finderById(candidates)
  return (row: Row): ReadonlyArray<Adopted> => {
    const { at, description, type, version } = row
    const id = (version ?? "").replaceAll(".", "-")
    const adopted = (migration: Migration | undefined): Adopted => ({
      label: migration?.up.file ?? labelOf(row),
      migration,
      appliedAt: at ?? undefined
    })
    if (type.endsWith("BASELINE") && isId(id)) {
      return candidates.migrations.filter((migration) => compareIds(migration.id, id) <= 0).map(adopted)
    }
    return [adopted(isId(id) ? find(id, (name) => plain(name) === plain(description)) : undefined)]
  }
}

const plain = (name: string): string => name.replaceAll("_", " ")
