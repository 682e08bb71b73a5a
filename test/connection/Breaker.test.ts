/** A server that is away costs its callers nothing but the knowledge of it. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { Breaker, threshold } from "../../src/connection/internal/breaker.ts"
import type { Circuit } from "../../src/connection/internal/breaker.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { assertClean, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

const refused = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: new Error("refused"), message: "refused", operation: "connect" })
})

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
    const { breaker } = made()
    fail(breaker, 0)
    assert.isUndefined(breaker.refusal(millis(500)))
    breaker.abandoned()
    assert.isUndefined(breaker.refusal(millis(501)))
  })
})

layer(proxied({ maxConnections: 2 }), { excludeTestServices: true })("A server that is away", (it) => {
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
      let last = yield* reason
      for (let time = 1; last._tag !== "CircuitOpen"; time++) {
        assert.isAtMost(time, 20)
        last = yield* reason
      }
      assert.deepInclude(last, { retryScope: "connection", transient: true })
      const attempts = counters.connections
      for (let time = 0; time < 100; time++) assert.strictEqual((yield* reason)._tag, "CircuitOpen")
      assert.strictEqual(counters.connections, attempts)
      assert.strictEqual((yield* manager.state)._tag, "Unavailable")
      yield* setRefusing(false)
      const found = Effect.retry(sql`SELECT 1 AS one`, { while: () => true })
      assert.deepStrictEqual(yield* found, [{ one: 1 }])
      assert.deepStrictEqual(yield* Fiber.join(states), ["Connected", "Unavailable", "Probing"])
      while ((yield* manager.state)._tag !== "Connected") yield* Effect.yieldNow
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
