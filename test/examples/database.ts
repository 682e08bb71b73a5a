/** What the quickstart leaves on a server that is not its own. */
import { Effect } from "effect"
import { PgConnection } from "@effect/sql-pg"
import { testServer } from "../support/Database.ts"

export const removeQuickstart = Effect.gen(function* () {
  const session = yield* PgConnection.make({ url: testServer().url })
  yield* session.query("DROP DATABASE IF EXISTS pgkeel_demo WITH (FORCE)")
  for (const role of ["app", "migrator", "owner"]) yield* session.query(`DROP ROLE IF EXISTS pgkeel_demo_${role}`)
}).pipe(Effect.scoped, Effect.orDie)
