/**
 * A transaction around one statement, or two: ours also says who acts and for which
 * tenant. Next to the driver's own transactions, and to those of other packages.
 */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import type { Comparison, Contender } from "./support/Benchmark.ts"
import { ours, theirs } from "./support/clients.ts"
import { kyselyTransaction, pgTransaction, postgresTransaction } from "./support/peers.ts"

const inSession =
  (reads: 1 | 2): Contender =>
  (url) =>
    Effect.map(Layer.build(ours(url)), (context) => {
      const sql = Context.get(context, SqlClient.SqlClient)
      const { withSession } = Context.get(context, SessionFactory)
      const session = { actor: "user-42", tenant: "acme" }
      const read = (index: number) => sql`SELECT ${index}::int AS value`
      return reads === 1
        ? (index) => withSession(session)(read(index))
        : (index) => withSession(session)(Effect.andThen(read(index), read(index + 1)))
    })

const inTransaction =
  (hasContext: boolean): Contender =>
  (url) =>
    Effect.map(Layer.build(theirs(url)), (context) => {
      const sql = Context.get(context, SqlClient.SqlClient)
      const read = (index: number) => sql`SELECT ${index}::int AS value`
      if (!hasContext) return (index) => sql.withTransaction(read(index))
      const set = sql`SELECT set_config('pgkeel.actor', ${"user-42"}, true), set_config('pgkeel.tenant', ${"acme"}, true)`
      return (index) => sql.withTransaction(Effect.andThen(set, read(index)))
    })

const counted = "transactions"

export const session: Comparison = {
  name: "session",
  against: "sql.withTransaction of @effect/sql-pg, without actor and tenant",
  counted,
  atLeast: 1,
  ours: inSession(1),
  theirs: inTransaction(false)
}

export const sessionContext: Comparison = {
  name: "session-context",
  against: "sql.withTransaction of @effect/sql-pg, actor and tenant set by a statement",
  counted,
  atLeast: 1.3,
  ours: inSession(1),
  theirs: inTransaction(true)
}

export const sessionPg: Comparison = {
  name: "session-pg",
  against: "pg without actor and tenant: BEGIN, two reads by named statements, COMMIT; ours reads twice too",
  counted,
  atLeast: 1,
  ours: inSession(2),
  theirs: pgTransaction
}

export const sessionPostgres: Comparison = {
  name: "session-postgres",
  against: "begin of postgres.js, without actor and tenant",
  counted,
  ours: inSession(1),
  theirs: postgresTransaction
}

export const sessionKysely: Comparison = {
  name: "session-kysely",
  against: "transaction().execute of kysely on pg, without actor and tenant",
  counted,
  ours: inSession(1),
  theirs: kyselyTransaction
}
