/**
 * `PgClient` on an instrumented pool: what `@effect/sql-pg` provides, with the
 * same types, so that every program written for it runs unchanged.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Queue from "effect/Queue"
import type * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { Borrower, Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import type { Settings } from "../../config/Settings.ts"
import { finalError } from "./failure.ts"
import { groundOf, homes } from "./ground.ts"
import type { InstrumentedPool } from "./pool.ts"
import { transformsOf } from "./transforms.ts"
import type { Transforms } from "./transforms.ts"
import { makeWithTransaction } from "./transaction.ts"

const spanAttributesOf = (settings: Settings): ReadonlyArray<readonly [string, unknown]> => [
  ["db.system.name", "postgresql"],
  ["db.namespace", settings.database],
  ["server.address", settings.host],
  ["server.port", settings.port]
]

/** PostgreSQL truncates a longer name with a notice that nobody reads, and then nobody listens. */
const longestChannel = 63

const checkChannel = (channel: string, operation: string): Effect.Effect<void, SqlError> => {
  const { byteLength } = new TextEncoder().encode(channel)
  if (byteLength <= longestChannel) return Effect.void
  const message = `the channel name "${channel}" is ${byteLength} bytes long; PostgreSQL takes at most ${longestChannel}: choose a shorter one`
  return Effect.fail(finalError(new Error(message), operation))
}

/**
 * Lends a connection to one statement, or the transaction's when one is open.
 * Effect's own lookup allocates for every statement; this one reads the context.
 */
const makeBorrower =
  (pool: InstrumentedPool, transactionService: SqlClient.SqlClient["transactionService"]): Borrower =>
  (f) =>
    Effect.withFiber((fiber) => {
      const open = Context.getOrUndefined(fiber.context, transactionService)
      return open === undefined ? borrow(pool, fiber, f) : f(open[0])
    })

/** A connection for one statement; in a sandbox, the sandbox's. */
const borrow = <A, E, R>(
  pool: InstrumentedPool,
  fiber: Fiber.Fiber<unknown, unknown>,
  f: (connection: Connection) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> => (groundOf(fiber.context, pool) ?? pool).borrow(fiber, f)

/** A connection until the scope closes; in a sandbox, the sandbox's. */
const reserve = (
  pool: InstrumentedPool,
  kind: "connection" | "stream"
): Effect.Effect<Connection, SqlError, Scope.Scope> =>
  Effect.withFiber((fiber) => groundOf(fiber.context, pool)?.reserve(kind) ?? pool.lease(kind))

const PgJson = Statement.custom<Statement.Custom<"PgJson", unknown>>("PgJson")

/** LISTEN and NOTIFY. A listener keeps its connection until its scope closes. */
const channels = (pool: InstrumentedPool, sql: SqlClient.SqlClient) => ({
  listen: (channel: string): Effect.Effect<Queue.Dequeue<PgConnection.Notification, SqlError>, SqlError, Scope.Scope> =>
    Effect.andThen(
      checkChannel(channel, "listen"),
      Effect.flatMap(pool.lease("listener"), (lease) => lease.wire.connection.listen(channel))
    ),
  notify: (channel: string, payload: string): Effect.Effect<void, SqlError> =>
    Effect.andThen(checkChannel(channel, "notify"), sql`SELECT pg_catalog.pg_notify(${channel}, ${payload})`)
})

/** Builds the client; it lives as long as its pool. */
export const makeClient = Effect.fnUntraced(function* (
  settings: Settings,
  pool: InstrumentedPool,
  transforms: Transforms
): Effect.fn.Return<PgClient.PgClient, never, Reactivity.Reactivity> {
  const compiler = PgClient.makeCompiler(transforms.transformQueryNames, transforms.transformJson)
  const transformRows =
    transforms.transformResultNames === undefined
      ? undefined
      : Statement.defaultTransforms(transforms.transformResultNames, transforms.transformJson).array
  const spanAttributes = spanAttributesOf(settings)
  const acquirer = reserve(pool, "connection")
  const client = yield* SqlClient.make({
    driver: "pg",
    acquirer,
    borrower: (f) => Effect.withFiber((fiber) => borrow(pool, fiber, f)),
    compiler,
    spanAttributes,
    transformRows
  })
  const places = Semaphore.makeUnsafe(Math.max(1, settings.maxConnections - 1))
  homes.set(client.transactionService, { pool, settings, places })
  const getConnection = Effect.flatMap(Effect.serviceOption(client.transactionService), (open) =>
    open._tag === "Some" ? Effect.succeed(open.value[0]) : reserve(pool, "stream")
  )
  const borrower = makeBorrower(pool, client.transactionService)
  const statements = (transformed: boolean): Statement.Constructor =>
    Statement.make(
      getConnection,
      transformed ? compiler : compiler.withoutTransform,
      spanAttributes,
      transformed ? transformRows : undefined,
      borrower
    )
  const assemble = (statement: Statement.Constructor): PgClient.PgClient => {
    const self: PgClient.PgClient = Object.assign(statement, {
      ...client,
      ...statement,
      ...channels(pool, client),
      [PgClient.TypeId]: PgClient.TypeId,
      config: { ...pool.config, ...transformsOf(transforms) },
      withTransaction: makeWithTransaction(pool, client.transactionService, spanAttributes),
      withoutTransforms: () => (transformRows === undefined ? self : assemble(statements(false))),
      json: (value: unknown) => Statement.fragment([PgJson(value)]),
      // A client is its own `safe`, so it can only be tied once it is there.
      safe: undefined as never
    })
    return Object.assign(self, { safe: self })
  }
  return assemble(statements(true))
})
