/** Work that is interrupted or cut at any moment: nothing of it may stay, on either side. */
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, proxied } from "../support/Connected.ts"
import { Proxy } from "../support/Proxy.ts"

/** The same numbers in every run (Numerical Recipes' generator), so that a failure can be run again. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const freshTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP TABLE IF EXISTS entry`
  yield* sql`CREATE TABLE entry (id int PRIMARY KEY, half text)`
})

/** Both rows or none: what a reader who sees one of them may rely on. */
const writeBoth = (id: number) =>
  Effect.gen(function* () {
    const { withSession } = yield* SessionFactory
    const sql = yield* SqlClient.SqlClient
    yield* withSession({ actor: `a${id}` })(
      Effect.gen(function* () {
        yield* sql`INSERT INTO entry VALUES (${id * 2}, 'first')`
        yield* sql.withTransaction(sql`INSERT INTO entry VALUES (${id * 2 + 1}, 'second')`)
      })
    )
  })

/** How long one of several at a time takes here and now, in milliseconds. */
const timeOf = (concurrency: number) =>
  Effect.gen(function* () {
    const ids = Array.from({ length: 4 * concurrency }, (_, id) => 1_000_000 + id)
    const [time] = yield* Effect.timed(Effect.forEach(ids, writeBoth, { concurrency, discard: true }))
    return Duration.toMillis(time) / 4
  })

/**
 * Runs rounds until some of the work has succeeded and some has not, and gives the exits of all rounds. Otherwise the
 * moments were badly chosen, and nothing was shown: how long the work takes changes with what else the machine does, so
 * a round that was all success is followed by one with half the patience, and one that was all failure by one with twice
 * as much.
 */
const untilBoth = <F, E, R>(
  patience: number,
  round: (patience: number, number: number) => Effect.Effect<ReadonlyArray<Exit.Exit<void, F>>, E, R>
) =>
  Effect.gen(function* () {
    const exits: Array<Exit.Exit<void, F>> = []
    for (let number = 0; ; number++) {
      exits.push(...(yield* round(patience, number)))
      const successes = exits.filter(Exit.isSuccess).length
      if (successes > 0 && successes < exits.length) return exits
      patience = successes === 0 ? patience * 2 : patience / 2
    }
  })

/** The ids of a round that no other round has. */
const idsOf = (round: number, count: number) => Array.from({ length: count }, (_, index) => round * count + index)

/** No session of this database is left in a transaction, and every pair is whole. */
const assertNothingHalf = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const open = sql`SELECT pid, state, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'`
  // A server notices that its client has gone when it next reads or writes.
  let left = yield* open
  for (let turn = 0; left.length > 0 && turn < 200; turn++) {
    yield* Effect.sleep("10 millis")
    left = yield* open
  }
  assert.deepStrictEqual(left, [])
  const halves = yield* sql`SELECT id / 2 AS id FROM entry GROUP BY 1 HAVING count(*) <> 2`
  assert.deepStrictEqual(halves, [])
})

/** A pool that lost connections needs a moment until the next statement finds a new one. */
const recovered = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  while ((yield* Effect.exit(sql`SELECT 1`))._tag === "Failure") yield* Effect.sleep("5 millis")
})

layer(proxied({ maxConnections: 3, acquireTimeout: "5 seconds" }), { excludeTestServices: true })(
  "Work through a slow line",
  (it) => {
    it.effect(
      "leaves nothing behind when it is interrupted at random moments",
      () =>
        Effect.gen(function* () {
          yield* freshTable
          const random = numbers(1)
          yield* untilBoth(2 * (yield* timeOf(6)), (patience, round) =>
            Effect.forEach(
              idsOf(round, 200),
              (id) =>
                Effect.gen(function* () {
                  const fiber = yield* Effect.forkChild(writeBoth(id))
                  yield* Effect.sleep(`${random() * patience} millis`)
                  yield* Fiber.interrupt(fiber)
                  return yield* Fiber.await(fiber)
                }),
              { concurrency: 6 }
            )
          )
          yield* assertNothingHalf
          yield* assertClean
          const { poolStatus } = yield* ConnectionManager
          assert.isAtMost((yield* poolStatus).total, 3)
        }),
      120_000
    )

    it.effect(
      "leaves nothing behind when the line is cut at random moments",
      () =>
        Effect.gen(function* () {
          yield* freshTable
          const { cutAll } = yield* Proxy
          const random = numbers(2)
          const exits = yield* untilBoth(2 * (yield* timeOf(6)), (patience, round) =>
            Effect.gen(function* () {
              const cutting = yield* Effect.forkChild(
                Effect.forever(
                  Effect.andThen(
                    Effect.suspend(() => Effect.sleep(`${(0.5 + random()) * patience} millis`)),
                    cutAll
                  )
                )
              )
              const exits = yield* Effect.forEach(idsOf(round, 150), (id) => Effect.exit(writeBoth(id)), {
                concurrency: 6
              })
              yield* Fiber.interrupt(cutting)
              return exits
            })
          )
          for (const exit of exits) {
            if (exit._tag === "Success") continue
            const [reason] = exit.cause.reasons
            assert.strictEqual(reason?._tag, "Fail", String(exit.cause))
            if (reason?._tag !== "Fail") continue
            assert.strictEqual(reason.error._tag, "DatabaseError")
          }
          yield* recovered
          yield* assertNothingHalf
          yield* assertClean
        }),
      120_000
    )

    it.effect(
      "leaves nothing behind when it is cut and interrupted at the same time",
      () =>
        Effect.gen(function* () {
          yield* freshTable
          const { cutAll } = yield* Proxy
          const random = numbers(3)
          // Each of them has to connect first.
          yield* untilBoth(10 * (yield* timeOf(1)), (patience, round) =>
            Effect.forEach(idsOf(round, 60), (id) =>
              Effect.gen(function* () {
                const fiber = yield* Effect.forkChild(writeBoth(id))
                yield* Effect.sleep(`${random() * patience} millis`)
                yield* Effect.all([cutAll, Fiber.interrupt(fiber)], { concurrency: 2, discard: true })
                return yield* Fiber.await(fiber)
              })
            )
          )
          yield* recovered
          yield* assertNothingHalf
          yield* assertClean
        }),
      120_000
    )
  }
)

// Without prepared statements the text is on the wire each time, where the proxy looks for it.
layer(proxied({ maxConnections: 1, prepare: false }), { excludeTestServices: true })(
  "A line that is cut at a known statement",
  (it) => {
    for (const statement of ["BEGIN", "set_config", "SAVEPOINT", "RELEASE", "COMMIT"]) {
      for (const moment of ["before", "after"] as const) {
        it.effect(`${moment} ${statement} leaves no connection leased and no transaction open`, () =>
          Effect.gen(function* () {
            yield* freshTable
            const { cutNext } = yield* Proxy
            yield* cutNext(moment === "before" ? { before: statement } : { after: statement })
            const result = yield* Effect.result(writeBoth(1))
            // A COMMIT that has arrived is found out about.
            const expected = statement === "COMMIT" && moment === "after" ? "Success" : "Failure"
            assert.strictEqual(result._tag, expected)
            if (result._tag === "Failure") assert.strictEqual(result.failure._tag, "DatabaseError")
            yield* recovered
            yield* assertNothingHalf
            yield* assertClean
          })
        )
      }
    }

    it.effect("at ROLLBACK fails with what the transaction failed with", () =>
      Effect.gen(function* () {
        const { cutNext } = yield* Proxy
        const { withSession } = yield* SessionFactory
        const sql = yield* SqlClient.SqlClient
        for (const cut of [{ before: "ROLLBACK" }, { after: "ROLLBACK" }]) {
          yield* freshTable
          yield* cutNext(cut)
          const failed = yield* Effect.flip(
            withSession({})(Effect.andThen(sql`SELECT 1`, Effect.fail("mine" as const)))
          )
          assert.strictEqual(failed, "mine")
          yield* recovered
          yield* assertClean
        }
      })
    )
  }
)
