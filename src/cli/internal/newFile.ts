/** The files of a new migration: what they are called, and what stands in them. */
import * as DateTime from "effect/DateTime"
import { compareIds, idKey, isRepeatable } from "../../migration/internal/migration.ts"

export type Form = "files" | "module" | "sections"

const timestamp = (now: DateTime.Utc): string => DateTime.formatIso(now).replaceAll(/\D/gu, "").slice(0, 14)

const isTimestamp = (id: string): boolean => /^(?:19|20)\d{12}/u.test(idKey(id))

const next = (id: string): string => String(BigInt(idKey(id)) + 1n).padStart(id.replaceAll("-", "").length, "0")

/**
 * The id that comes after all that a directory has: the next number where it
 * counts, the time (UTC) where it has times or nothing yet. A clock that is behind
 * must not make a migration that is late from the beginning.
 */
export const nextId = (ids: ReadonlyArray<string>, now: DateTime.Utc): string => {
  const latest = ids
    .filter((id) => !isRepeatable(id))
    .toSorted(compareIds)
    .at(-1)
  if (latest === undefined) return timestamp(now)
  if (!isTimestamp(latest)) return next(latest)
  const time = timestamp(now)
  return compareIds(time, latest) > 0 ? time : next(idKey(latest).slice(0, 14))
}

/** What a name may hold everywhere, also in a URL and in every shell. */
export const fileNameOf = (name: string): string =>
  name
    .trim()
    .replaceAll(/[^\p{Letter}\p{Number}_-]+/gu, "_")
    .replaceAll(/^_+|_+$/gu, "")

/** It compiles, also where what is declared and not used is an error. */
const module = `import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const up = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql\`SELECT 'write the migration here'\`
  return yield* Effect.die("write the migration, and delete this line: it runs in a transaction")
})

export const down = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql\`SELECT 'write here what undoes it'\`
  return yield* Effect.die("write what undoes it, and delete this line, or delete this export")
})
`

const upText = "-- Write the migration here. It runs in a transaction, unless a statement of it cannot.\n"
const downText = "-- Write here what undoes it, or delete this file.\n"
const sections = `-- migrate:up\n${upText}\n-- migrate:down\n${downText.replace("this file", "this section")}`

/** Texts by their names, of a migration that is refused until it is written. */
export const filesOf = (form: Form, id: string, name: string): Readonly<Record<string, string>> => {
  const stem = `${id}_${name}`
  if (form === "module") return { [`${stem}.ts`]: module }
  if (form === "sections") return { [`${stem}.sql`]: sections }
  return { [`${stem}.up.sql`]: upText, [`${stem}.down.sql`]: downText }
}
