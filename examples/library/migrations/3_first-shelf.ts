/** A migration that is a program. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const shelves = ["novels", "plays"]

export const up = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const [id, name] of shelves.entries()) {
    yield* sql`INSERT INTO pgkeel_library.shelf VALUES (${id}, ${name}, 100)`
  }
})

/** With the books on them, which the seeds put back. */
export const down = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`TRUNCATE pgkeel_library.shelf, pgkeel_library.book`
)
