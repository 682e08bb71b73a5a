/** A server that is away costs its callers nothing but the knowledge of it. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Breaker, threshold } from "../../src/connection/internal/breaker.ts"
import type { Circuit } from "../../src/connection/internal/breaker.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { ConnectionRefused } from "../../src/error/Reason.ts"
import { assertClean, proxied } from "../support/Connected.ts"
import { errorResponse } from "../error/scripted.ts"
import { Proxy } from "../support/Proxy.ts"
import { rawServer } from "../support/ScriptedServer.ts"
import { withManager } from "./support.ts"

const refused = new DatabaseError({ reason: new ConnectionRefused({}) })

const millis = (n: number) => BigInt(n) * 1_000_000n

describe("A breaker", () => {
  const made = () => {
    const seen: Array<Circuit["_tag"]> = []
    return { seen, breaker: new Breaker(({ _tag }) => seen.push(_tag)) }
  }
  const fail = (breaker: Breaker, now: number, times: number = threshold) => {
    for (let time = 0; time < times; time++) breaker.failed(refused, millis(now))
  }

  it("stays closed while a failure is followed by a success", () => {
    const { breaker, seen } = made()
    for (let round = 0; round < 10; round++) {
      fail(breaker, 0, threshold - 1)
      breaker.succeeded()
    }
    assert.isTrue(breaker.isClosed)
    assert.deepStrictEqual(seen, [])
  })

  it("opens after several failures in a row, lets one look after a pause, and closes when that one succeeds", () => {
    const { breaker, seen } = made()
    fail(breaker, 0)
    assert.strictEqual(breaker.refusal(millis(100))?.retryAfterNanos, millis(400))
    assert.isUndefined(breaker.refusal(millis(500)))
    assert.isDefined(breaker.refusal(millis(501)))
    breaker.succeeded()
    assert.isUndefined(breaker.refusal(millis(502)))
    assert.deepStrictEqual(seen, ["Open", "HalfOpen", "Closed"])
  })

  it("pauses twice as long after each look that fails, up to five seconds", () => {
    const { breaker } = made()
    fail(breaker, 0)
    let now = 500
    for (const pause of [1000, 2000, 4000, 5000, 5000]) {
      assert.isUndefined(breaker.refusal(millis(now)))
      breaker.failed(refused, millis(now))
      assert.strictEqual(breaker.refusal(millis(now))?.retryAfterNanos, millis(pause))
      now += pause
    }
  })

  it("does not pause longer for failures that were under way before it opened", () => {
    const { breaker } = made()
    fail(breaker, 0, threshold + 20)
    assert.strictEqual(breaker.refusal(0n)?.retryAfterNanos, millis(500))
  })

  it("lets another look when the one that did was given up", () => {
    const { breaker, seen } = made()
    fail(breaker, 0)
    assert.isUndefined(breaker.refusal(millis(500)))
    assert.strictEqual(breaker.refusal(millis(500))?.retryAfterNanos, millis(500))
    breaker.abandoned()
    assert.isUndefined(breaker.refusal(millis(501)))
    assert.deepStrictEqual(seen, ["Open", "HalfOpen", "Open", "HalfOpen"])
  })
})

/** The time by which circuits open. While it is stopped no pause ends, however slow the machine is. */
const makeTime = () => {
  const real = Clock.Clock.defaultValue()
  let stopped: bigint | undefined
  const clock: Clock.Clock = Object.create(real, {
    monotonicTimeNanosUnsafe: { value: () => stopped ?? real.monotonicTimeNanosUnsafe() }
  })
  return {
    layer: Layer.succeed(Clock.Clock, clock),
    stop: Effect.sync(() => void (stopped = real.monotonicTimeNanosUnsafe())),
    go: Effect.sync(() => void (stopped = undefined))
  }
}

const time = makeTime()

const away = Layer.provide(proxied({ maxConnections: 2 }), time.layer)

layer(away, { excludeTestServices: true })("A server that is away", (it) => {
  const reason = Effect.map(
    Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.flip(DatabaseError.refine(sql`SELECT 1`))),
    (error) => error.reason
  )

  it.effect("fails work at once, shows so in the state, and is found again by itself", () =>
    Effect.gen(function* () {
      const manager = yield* ConnectionManager
      const sql = yield* SqlClient.SqlClient
      const { connect } = manager
      const { counters, cutAll, setRefusing } = yield* Proxy
      yield* connect
      const states = yield* Effect.forkChild(
        manager.changes.pipe(
          Stream.map(({ _tag }) => _tag),
          Stream.takeUntil((_tag) => _tag === "Probing"),
          Stream.runCollect
        )
      )
      yield* Effect.yieldNow
      yield* setRefusing(true)
      yield* cutAll
      yield* time.stop
      let last = yield* reason
      for (let asked = 1; last._tag !== "CircuitOpen"; asked++) {
        assert.isAtMost(asked, 20)
        last = yield* reason
      }
      // Whoever is refused for it can look at once.
      assert.strictEqual((yield* manager.state)._tag, "Unavailable")
      assert.deepInclude(last, { retryScope: "connection", transient: true })
      const { attempts } = counters
      for (let asked = 0; asked < 100; asked++) assert.strictEqual((yield* reason)._tag, "CircuitOpen")
      assert.strictEqual(counters.attempts, attempts)
      yield* setRefusing(false)
      yield* time.go
      const found = Effect.retry(sql`SELECT 1 AS one`, { while: () => true })
      assert.deepStrictEqual(yield* found, [{ one: 1 }])
      assert.deepStrictEqual(yield* Fiber.join(states), ["Connected", "Unavailable", "Probing"])
      while ((yield* manager.state)._tag !== "Connected") yield* Effect.yieldNow
      yield* assertClean
    }).pipe(Effect.timeout("20 seconds"))
  )

  it.effect("is asked by a start, whatever the circuit says", () =>
    Effect.gen(function* () {
      const { connect } = yield* ConnectionManager
      const { counters, cutAll, setRefusing } = yield* Proxy
      yield* setRefusing(true)
      yield* cutAll
      yield* time.stop
      while ((yield* reason)._tag !== "CircuitOpen") yield* Effect.yieldNow
      const before = counters.attempts
      const start = yield* Effect.forkChild(connect)
      while (counters.attempts === before) yield* Effect.sleep("1 millis")
      assert.strictEqual((yield* reason)._tag, "CircuitOpen")
      yield* setRefusing(false)
      yield* time.go
      yield* Fiber.join(start)
      yield* assertClean
    }).pipe(Effect.timeout("20 seconds"))
  )

  it.effect("counts as one failure for all who waited for the same attempt", () =>
    Effect.gen(function* () {
      const { poolStatus } = yield* ConnectionManager
      const { cutAll, setRefusing } = yield* Proxy
      yield* setRefusing(true)
      yield* cutAll
      // Until the client has noticed, it has connections that need not be opened.
      while ((yield* poolStatus).total > 0) yield* Effect.sleep("1 millis")
      const both = yield* Effect.all([reason, reason], { concurrency: 2 })
      assert.notInclude(
        both.map(({ _tag }) => _tag),
        "CircuitOpen"
      )
      const seen: Array<string> = []
      while (!seen.includes("CircuitOpen")) {
        for (const { _tag } of yield* Effect.all([reason, reason], { concurrency: 2 })) seen.push(_tag)
      }
      // Five attempts, of which two callers each have heard.
      assert.strictEqual(seen.indexOf("CircuitOpen"), 2 * (threshold - 1))
      yield* setRefusing(false)
      yield* Effect.retry(reason.pipe(Effect.flip), { while: () => true })
      yield* assertClean
    }).pipe(Effect.timeout("20 seconds"))
  )

  it.effect("does not keep work from a connection that still stands", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { setRefusing } = yield* Proxy
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`SELECT 1`
          yield* setRefusing(true)
          yield* Effect.forEach(
            Array.from({ length: 10 }),
            () => Effect.exit(Effect.scoped(Effect.flatMap(ConnectionManager, ({ getConnection }) => getConnection))),
            { concurrency: 1 }
          )
        })
      )
      assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
      yield* setRefusing(false)
      yield* assertClean
    })
  )
})

it.live("A server that is back and does not want the login closes the circuit, and its refusal is what is told", () =>
  Effect.gen(function* () {
    const answers: Array<Uint8Array | undefined> = []
    const denied = errorResponse({ S: "FATAL", V: "FATAL", C: "28P01", M: "password authentication failed" })
    const { port } = yield* rawServer((socket) =>
      socket.once("data", () => {
        const answer = answers.shift()
        if (answer === undefined) socket.destroy()
        else socket.end(answer)
      })
    )
    yield* withManager(
      { port },
      {},
      Effect.gen(function* () {
        const manager = yield* ConnectionManager
        const tag = Effect.map(Effect.flip(Effect.scoped(manager.getConnection)), ({ reason }) => reason._tag)
        assert.strictEqual((yield* manager.state)._tag, "Initializing")
        while ((yield* tag) !== "CircuitOpen") yield* Effect.yieldNow
        yield* Effect.repeat(manager.state, { until: ({ _tag }) => _tag === "Unavailable" })
        answers.push(denied, denied, denied)
        yield* Effect.repeat(tag, { until: (_tag) => _tag === "AuthenticationFailed" })
        assert.strictEqual(yield* tag, "AuthenticationFailed")
        assert.strictEqual(yield* tag, "AuthenticationFailed")
        yield* Effect.repeat(manager.state, { until: ({ _tag }) => _tag === "Initializing" })
      })
    )
  }).pipe(Effect.scoped, Effect.timeout("20 seconds"))
)

it.live("Whoever waits for a turn to connect waits no longer than the acquire timeout", () =>
  Effect.gen(function* () {
    const { port } = yield* rawServer(() => undefined)
    yield* withManager(
      { port },
      { acquireTimeout: "200 millis", connectTimeout: "5 minutes" },
      Effect.gen(function* () {
        const { getConnection } = yield* ConnectionManager
        const timed = Effect.timed(Effect.flip(Effect.scoped(getConnection)))
        const first = yield* Effect.forkChild(timed)
        yield* Effect.yieldNow
        const [time, error] = yield* timed
        assert.strictEqual(error.reason._tag, "ConnectTimeout")
        assert.isAtMost(Duration.toMillis(time), 30_000)
        yield* Fiber.interrupt(first)
      })
    )
  }).pipe(Effect.scoped)
)
