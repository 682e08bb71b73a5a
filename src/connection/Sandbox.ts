/**
 * Everything that an effect does on a client's connections, in one transaction on
 * one of them, which is rolled back. For tests: see `TestDatabase.sandbox`.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../error/DatabaseError.ts"
import { PoolExhausted } from "../error/Reason.ts"
import { Admission } from "./internal/admission.ts"
import { connectionError } from "./internal/failure.ts"
import { Ground, groundOf, homes, on } from "./internal/ground.ts"
import type { Home, Sandbox } from "./internal/ground.ts"
import { Lease } from "./internal/lease.ts"

/** Why somebody waits in a sandbox in vain: for a place that is held by what waits for it. */
const busy = ({ leases }: Sandbox, waitedMillis: number) => {
  const holders = Array.from(leases, ({ holder, kind, statement }) => ({
    holder: holder ?? statement ?? "no statement yet",
    kind,
    heldMillis: waitedMillis
  }))
  return connectionError(new PoolExhausted({ waitedMillis, max: 1, holders }), "acquire")
}

const open = Effect.fnUntraced(function* (home: Home, base: Lease) {
  const clock = yield* Clock.Clock
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const { acquireTimeout } = home.settings
  const sandbox: Sandbox = {
    home,
    wire: base.wire,
    makeTurn: () =>
      new Admission({
        max: 1,
        timeoutNanos: Duration.toNanosUnsafe(acquireTimeout),
        clock,
        fork: (effect) => void fork(effect),
        exhausted: () => busy(sandbox, Duration.toMillis(acquireTimeout))
      }),
    leases: new Set(),
    isOver: false,
    savepoints: 0
  }
  return sandbox
})

/** What still runs is cancelled, and the connection is closed if that does not help. */
const close = (sandbox: Sandbox, base: Lease): Effect.Effect<void> =>
  Effect.suspend(() => {
    sandbox.isOver = true
    const running = Array.from(sandbox.leases).filter((lease) => lease.end())
    const rollback = base.executeRaw("ROLLBACK", [])
    return running
      .reduce((ended, lease) => lease.beforeOthers(ended), Effect.asVoid(rollback))
      .pipe(
        Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.fail("too slow" as const) }),
        Effect.catch(() => sandbox.home.pool.discard(base))
      )
  })

/** Runs an effect, and rolls back whatever it did on this client, what it committed included. */
export const sandboxed = <A, E, R>(
  sql: SqlClient,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | DatabaseError, R> => {
  const home = homes.get(sql.transactionService)
  if (home === undefined) return Effect.die(new Error(foreign))
  const whole = Effect.gen(function* () {
    const base = yield* DatabaseError.refine(sql.reserve)
    if (!(base instanceof Lease)) return yield* Effect.die(new Error(foreign))
    const sandbox = yield* open(home, base)
    yield* Effect.acquireRelease(DatabaseError.refine(base.executeRaw("BEGIN", [])), () => close(sandbox, base))
    return yield* on(new Ground(sandbox), effect)
  })
  return Effect.withFiber((fiber) =>
    groundOf(fiber.context, home.pool) === undefined
      ? home.places.withPermits(1)(Effect.scoped(whole))
      : Effect.die(new Error(inAnother))
  )
}

const inAnother = "a sandbox cannot be opened inside of another one: for a part that is undone, fail in a session"

const foreign =
  "a sandbox needs the client of ConnectionManager: provide its layer, or MainLive, and not another SqlClient"
