/** From settings and a login to a pool that drains when its scope closes. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import * as PgPool from "@effect/sql-pg/PgPool"
import type { Settings } from "../../config/Settings.ts"
import type { Circuit } from "./breaker.ts"
import { InstrumentedPool } from "./pool.ts"
import { Sockets } from "./sockets.ts"
import { poolConfig } from "./target.ts"
import type { Password } from "./target.ts"

/** A pool and the effect that drains and closes it; closing twice is closing once. */
export interface OpenPool {
  readonly pool: InstrumentedPool
  readonly close: Effect.Effect<void>
}

/** Opens nothing yet: connections are made when they are asked for. */
export const makePool = Effect.fnUntraced(function* (
  settings: Settings,
  login: { readonly username: string; readonly password: Password | undefined },
  onCircuit: (circuit: Circuit) => Effect.Effect<void>
): Effect.fn.Return<OpenPool, SqlError, Scope.Scope> {
  const sockets = new Sockets(settings)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const driverPool = yield* Scope.provide(PgPool.make(poolConfig(settings, login, sockets)), scope)
  const forkIn = (effect: Effect.Effect<void>) => void fork(Effect.forkIn(effect, scope, { startImmediately: true }))
  const pool = new InstrumentedPool(settings, driverPool, sockets, yield* Clock.Clock, forkIn, onCircuit)
  const close = Effect.andThen(pool.drain, Scope.close(scope, Exit.void))
  yield* Effect.addFinalizer(() => close)
  return { pool, close }
})
