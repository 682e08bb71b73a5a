/** Real sessions, and what statements in them fail with. */
import { assert } from "@effect/vitest"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { DatabaseError, type FailureContext } from "../../src/error/DatabaseError.ts"
import type { Reason } from "../../src/error/Reason.ts"
import { TestDatabase } from "../../src/testing/index.ts"

export const open = Effect.gen(function* () {
  const { url } = yield* TestDatabase
  return yield* PgConnection.make({ url })
})

export const openAs = (username: string) =>
  Effect.gen(function* () {
    const { host, name, port } = yield* TestDatabase
    return yield* PgConnection.make({ host, port, database: name, username, password: Redacted.make("pw") })
  })

export type Connection = PgConnection.PgConnection

/** Runs statements one after another; the last is what a test is about. */
export const run = (connection: Connection, ...statements: ReadonlyArray<string>) =>
  Effect.forEach(statements, (sql) => connection.query(sql), { discard: true })

export const failure = <A, R>(effect: Effect.Effect<A, SqlError, R>, context?: FailureContext) =>
  Effect.map(Effect.flip(effect), (error) => DatabaseError.fromSqlError(error, context))

/** Fails the test when the reason is another. */
export const expectReason = <A, R, K extends Reason["_tag"]>(
  effect: Effect.Effect<A, SqlError, R>,
  tag: K,
  context?: FailureContext
) =>
  Effect.map(failure(effect, context), ({ reason }) => {
    assert.strictEqual(reason._tag, tag, reason.message)
    return reason as Extract<Reason, { readonly _tag: K }>
  })

export const pidOf = (connection: Connection) =>
  Effect.map(connection.queryValues("SELECT pg_backend_pid()"), (rows) => Number(rows[0]?.[0]))
