/**
 * drizzle: one row for each migration, by the SHA-256 of its file, which is this
 * package's checksum of an unchanged one, and by the time of its entry in
 * `meta/_journal.json`, which names the file.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { adopter, applied, finderByStem } from "./adopter.ts"

const Journal = Schema.fromJsonString(
  Schema.Struct({ entries: Schema.Array(Schema.Struct({ when: Schema.Finite, tag: Schema.String })) })
)

const decodeJournal = Schema.decodeUnknownOption(Journal)

export const drizzle = adopter({
  tool: "drizzle",
  table: "drizzle.__drizzle_migrations",
  columns: ["id", "hash", "created_at"],
  row: Schema.Struct({ hash: Schema.String, at: Schema.NullOr(Schema.Finite) }),
  select: (table) => `SELECT hash, created_at::float8 AS "at" FROM ${table} ORDER BY id`,
  interpret: Effect.fnUntraced(function* (rows, candidates) {
    const find = finderByStem(candidates)
    const byChecksum = new Map(candidates.migrations.map((migration) => [migration.checksum, migration]))
    const journal = decodeJournal((yield* candidates.readFile("meta/_journal.json")) ?? "")
    const tagOf = new Map(
      Option.match(journal, { onNone: () => [], onSome: ({ entries }) => entries.map(({ tag, when }) => [when, tag]) })
    )
    return applied(
      rows.map(({ at, hash }) => {
        const tag = at === null ? undefined : tagOf.get(at)
        return {
          label: tag ?? `the one with hash ${hash.slice(0, 12)}`,
          migration: byChecksum.get(hash) ?? (tag === undefined ? undefined : find(tag)),
          appliedAt: at === null ? undefined : DateTime.makeUnsafe(at)
        }
      })
    )
  })
})
