/** Several fibers in one transaction, with its one connection. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { SavepointPatience } from "../../src/connection/internal/standstill.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"

layer(connected({ maxConnections: 2 }), { excludeTestServices: true })("Parallel fibers of a session", (it) => {
  it.effect("have savepoints that nest and do not mix: what one undoes is its own", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const section = (index: number) => {
        const work = Effect.gen(function* () {
          yield* add(`n${index} first`)
          yield* Effect.yieldNow
          yield* add(`n${index} second`)
          if (index % 3 === 0) return yield* Effect.fail("undo")
        })
        const enclosed = index % 2 === 0 ? sql.withTransaction(work) : withSession({ propagation: "nested" })(work)
        return Effect.ignore(enclosed)
      }
      const indexes = Array.from({ length: 12 }, (_, index) => index)
      yield* withSession({})(
        Effect.forEach(indexes, (index) => Effect.all([section(index), add(`p${index}`)], { concurrency: 2 }), {
          concurrency: "unbounded",
          discard: true
        })
      )
      const kept = indexes.filter((index) => index % 3 !== 0)
      const expected = [
        ...indexes.map((index) => `p${index}`),
        ...kept.flatMap((index) => [`n${index} first`, `n${index} second`])
      ]
      assert.sameMembers([...(yield* items)], expected)
      assert.strictEqual((yield* items).length, expected.length)
      yield* assertClean
    })
  )

  it.effect("lose no statement to a savepoint of another fiber that is undone", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const inside = yield* Deferred.make<void>()
      const undo = yield* Deferred.make<void>()
      yield* withSession({})(
        Effect.gen(function* () {
          const nested = yield* Effect.forkChild(
            Effect.ignore(
              withSession({ propagation: "nested" })(
                Effect.gen(function* () {
                  yield* add("undone")
                  yield* Deferred.succeed(inside, undefined)
                  yield* Deferred.await(undo)
                  return yield* Effect.fail("undo")
                })
              )
            )
          )
          yield* Deferred.await(inside)
          const beside = yield* Effect.forkChild(add("kept"))
          for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
          yield* Deferred.succeed(undo, undefined)
          yield* Fiber.join(nested)
          yield* Fiber.join(beside)
        })
      )
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("may be forked by a savepoint, and nest further, without a deadlock", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const nested = withSession({ propagation: "nested" })
      const tree = (depth: number, name: string): Effect.Effect<void, unknown, SqlClient.SqlClient> =>
        nested(
          Effect.gen(function* () {
            yield* add(name)
            if (depth === 0) return
            const branches = [tree(depth - 1, `${name}a`), tree(depth - 1, `${name}b`), add(`${name}c`)]
            yield* Effect.all(branches, { concurrency: "unbounded", discard: true })
          })
        )
      yield* withSession({})(tree(3, "r"))
      assert.strictEqual((yield* items).length, 15 + 7)
      yield* assertClean
    })
  )

  it.effect("are free again when a savepoint is interrupted while another fiber waits for it", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const inside = yield* Deferred.make<void>()
      yield* withSession({})(
        Effect.gen(function* () {
          const nested = yield* Effect.forkChild(
            withSession({ propagation: "nested" })(
              Effect.gen(function* () {
                yield* add("undone")
                yield* Deferred.succeed(inside, undefined)
                yield* sql`SELECT pg_sleep(604)`
              })
            )
          )
          yield* Deferred.await(inside)
          const beside = yield* Effect.forkChild(add("kept"))
          yield* Effect.yieldNow
          yield* Fiber.interrupt(nested)
          yield* Fiber.join(beside)
        })
      )
      assert.deepStrictEqual(yield* items, ["kept"])
      yield* assertClean
    })
  )

  it.effect("that a savepoint waits for, and that wait for it, are told so instead of waiting for ever", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      yield* freshTable
      const impatient = Effect.provideService(SavepointPatience, Duration.millis(50))
      const failure = yield* withSession({})(
        Effect.gen(function* () {
          const inside = yield* Deferred.make<void>()
          const outside = yield* Effect.forkChild(Effect.andThen(Deferred.await(inside), impatient(add("outside"))))
          const told = yield* withSession({ propagation: "nested" })(
            Effect.gen(function* () {
              yield* add("inside")
              yield* Deferred.succeed(inside, undefined)
              return yield* Effect.flip(Fiber.join(outside))
            })
          )
          yield* add("after")
          return told
        })
      )
      const { message } = yield* Effect.flip(DatabaseError.refine(Effect.fail(failure)))
      assert.match(message, /which has run nothing for 50ms: it seems to wait for this statement/)
      assert.deepStrictEqual(yield* items, ["after", "inside"])
      yield* assertClean
    })
  )

  it.effect("wait for a savepoint that takes long, as long as its statements run", () =>
    Effect.gen(function* () {
      const { withSession } = yield* SessionFactory
      const sql = yield* SqlClient.SqlClient
      yield* freshTable
      const impatient = Effect.provideService(SavepointPatience, Duration.millis(200))
      yield* withSession({})(
        Effect.gen(function* () {
          const inside = yield* Deferred.make<void>()
          const outside = yield* Effect.forkChild(Effect.andThen(Deferred.await(inside), impatient(add("outside"))))
          yield* withSession({ propagation: "nested" })(
            Effect.gen(function* () {
              yield* add("inside")
              yield* Deferred.succeed(inside, undefined)
              yield* sql`SELECT pg_sleep(1)`
            })
          )
          yield* Fiber.join(outside)
        })
      )
      assert.deepStrictEqual(yield* items, ["inside", "outside"])
      yield* assertClean
    })
  )
})
