/**
 * Creates a database from a template and drops it with the scope.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { randomBytes } from "node:crypto"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { inRealTime } from "./realTime.ts"
import type { Server } from "./server.ts"
import { connect, refused, urlOf } from "./server.ts"
import { sqlStateOf } from "./serverMessage.ts"

/** `object_in_use`: somebody is connected to the template at this moment. */
const objectInUse = "55006"

export const dropDatabase = (session: PgConnection.PgConnection, name: string) =>
  session
    .query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
    .pipe(Effect.mapError(refused("drop", name)))

/** `CREATE DATABASE`'s own words (manual, CREATE DATABASE, STRATEGY). */
export type CopyStrategy = "wal_log" | "file_copy"

export interface Source {
  readonly template: string
  readonly strategy: CopyStrategy | undefined
}

const createDatabase = (session: PgConnection.PgConnection, name: string, { strategy, template }: Source) => {
  const copied = strategy === undefined ? "" : ` STRATEGY ${quoteIdentifier(strategy)}`
  return session.query(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(template)}${copied}`).pipe(
    Effect.retry({
      schedule: Schedule.spaced("50 millis"),
      times: 200,
      while: (error) => sqlStateOf(error) === objectInUse
    }),
    Effect.mapError(refused("create", name))
  )
}

/** What `TestDatabase` is made of. */
export const describeDatabase = (server: Server, name: string) => ({
  name,
  url: urlOf(server, name),
  host: server.host,
  port: server.port,
  username: server.username,
  password: server.password
})

export const acquireDatabase = Effect.fnUntraced(function* (server: Server, source: Source) {
  const name = `pgkeel_test_${randomBytes(8).toString("hex")}`
  // A server that is gone took the database with it, or will be asked in vain.
  const drop = Effect.ignore(Effect.scoped(Effect.flatMap(connect(server), (session) => dropDatabase(session, name))))
  yield* Effect.addFinalizer(() => inRealTime(drop))
  yield* Effect.scoped(Effect.flatMap(connect(server), (session) => createDatabase(session, name, source))).pipe(
    inRealTime
  )
  return describeDatabase(server, name)
})
