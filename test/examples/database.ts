/** Statements on the server on which a quickstart runs, as its superuser. */
import { Effect, type Redacted } from "effect"
import { PgConnection } from "@effect/sql-pg"

/** Runs the statements one after the other; gives the rows of each. */
export const onServer = (url: Redacted.Redacted, ...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const session = yield* PgConnection.make({ url })
    return yield* Effect.forEach(statements, (statement) => session.query(statement))
  }).pipe(Effect.scoped)

/** Removes what the quickstart leaves on a server that is not its own. */
export const removeQuickstart = (url: Redacted.Redacted) =>
  onServer(
    url,
    "DROP DATABASE IF EXISTS pgkeel_demo WITH (FORCE)",
    ...["app", "migrator", "owner"].map((role) => `DROP ROLE IF EXISTS pgkeel_demo_${role}`)
  ).pipe(Effect.orDie)
