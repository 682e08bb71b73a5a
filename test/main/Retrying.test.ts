/** A server that is not there when the application starts. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger, Random, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { freshDatabase } from "../support/Database.ts"
import { Proxy } from "../support/Proxy.ts"
import { rawServer } from "../support/ScriptedServer.ts"
import { main, start, tagOf } from "./support.ts"

const urlTo = (port: number) => Redacted.make(`postgres://nobody@127.0.0.1:${port}/nowhere`)

/** What the jitter makes of a wait: all of it, or the part that this says. */
const jitter = (part: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => part, nextIntUnsafe: () => 0 })

/** How long a start waited between its first attempts, in milliseconds. */
const waits = Effect.fnUntraced(function* (part: number) {
  const times: Array<number> = []
  const { port } = yield* rawServer((socket) => {
    times.push(performance.now())
    socket.destroy()
  })
  const error = yield* Effect.flip(start(urlTo(port), { startTimeout: "2 seconds" })).pipe(jitter(part))
  assert.strictEqual(tagOf(error), "RetriesExhausted")
  return times.slice(1).map((time, index) => time - (times[index] ?? 0))
}, Effect.scoped)

it.live("MainLive gives up with the last refusal when the start timeout is over", () =>
  Effect.gen(function* () {
    const { port } = yield* rawServer((socket) => socket.destroy())
    const error = yield* Effect.flip(start(urlTo(port), { startTimeout: "300 millis" }))
    assert.strictEqual(tagOf(error), "RetriesExhausted")
    assert.include(error.message, `127.0.0.1:${port}`)
  }).pipe(Effect.scoped)
)

it.live("MainLive waits twice as long from attempt to attempt, less what chance takes off", () =>
  Effect.gen(function* () {
    const [whole, half] = yield* Effect.all([waits(1), waits(0.5)], { concurrency: 2 })
    // 200, 400 and 800 milliseconds, and then there is no time left for the next; a timer may be early by one.
    assert.lengthOf(whole, 3)
    for (const [index, wait] of whole.entries()) assert.isAtLeast(wait, 200 * 2 ** index - 2)
    assert.lengthOf(half, 4)
    for (const [index, wait] of half.entries()) assert.isAtLeast(wait, 100 * 2 ** index - 2)
  })
)

it.live("MainLive starts on a server that comes later", () =>
  Effect.gen(function* () {
    const proxy = yield* Proxy
    yield* proxy.setRefusing(true)
    const refused = yield* Deferred.make<void>()
    const logger = Logger.make(({ message }) => {
      if (String(message).includes("is not reachable (attempt 1)")) Deferred.doneUnsafe(refused, Effect.void)
    })
    const answer = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1 AS one`)
    const application = yield* Effect.forkChild(
      answer.pipe(
        Effect.provide(main(proxy.url, { migrator: proxy.url, startTimeout: "30 seconds" })),
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "Warn")
      )
    )
    yield* Deferred.await(refused)
    yield* proxy.setRefusing(false)
    assert.deepStrictEqual(yield* Fiber.join(application), [{ one: 1 }])
  }).pipe(Effect.provide(Layer.provideMerge(Proxy.layer, freshDatabase())))
)
