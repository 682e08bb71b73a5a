/** What is held in memory: by a session that is open, and by a stream of many rows. */
import { Context, Effect, Exit, Layer, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as Copy from "../../src/session/Copy.ts"
import * as Cursor from "../../src/session/Cursor.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { heldBytes } from "../support/Memory.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { ours } from "./support/clients.ts"

/** What each of `count` takes that are open at once, in bytes. */
const each = (count: number, open: Effect.Effect<unknown, unknown, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const one = Effect.flatMap(Scope.fork(scope), (own) => Scope.provide(open, own))
    const before = heldBytes()
    const kept = yield* Effect.forEach(Array.from({ length: count }), () => one)
    const held = heldBytes() - before
    yield* Scope.close(scope, Exit.void)
    return held / kept.length
  })

/** The most that a stream holds, in MiB, looked at every so many elements. */
const most = <A, E, R>(stream: Stream.Stream<A, E, R>, every: number) =>
  Effect.gen(function* () {
    const before = heldBytes()
    let [seen, next, held] = [0, 0, 0]
    yield* Stream.runForEachArray(stream, (parts) =>
      Effect.sync(() => {
        seen += parts.length
        if (seen < next) return
        next = seen + every
        held = Math.max(held, heldBytes() - before)
      })
    )
    return held / 2 ** 20
  })

const session = (count: number) =>
  Effect.gen(function* () {
    const { createSession } = yield* SessionFactory
    const open = createSession({ name: "checkout", component: "web", actor: "user-42", tenant: "acme" })
    yield* each(count, open)
    const [mine, bare] = [
      yield* each(count, open),
      yield* each(
        count,
        Effect.acquireRelease(Effect.void, () => Effect.void)
      )
    ]
    const figure: Figure = {
      name: "memory, open session",
      ratio: mine / bare,
      against: "an empty scope of Effect, which each session has",
      ours: mine,
      theirs: bare,
      unit: "bytes held for each (lower is better)"
    }
    return figure
  })

const streams = (count: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const read = (rows: number) => sql`SELECT n, 'some text of ' || n AS text FROM generate_series(1, ${rows}::int) n`
    const copy = (rows: number) =>
      Copy.out({ query: `SELECT n, 'some text of ' || n FROM generate_series(1, ${rows}) n` })
    const figure = (name: string, stream: (rows: number) => Stream.Stream<unknown, unknown, SqlClient.SqlClient>) =>
      Effect.gen(function* () {
        yield* most(stream(count / 100), count / 1000)
        const few = yield* most(stream(count / 10), count / 200)
        const many = yield* most(stream(count), count / 20)
        const shown: Figure = {
          name: `memory, ${name}, ${count.toLocaleString("en")} rows`,
          ratio: many / few,
          against: "a tenth of the rows",
          ours: many,
          theirs: few,
          unit: "MiB held at most (lower is better)"
        }
        return shown
      })
    return [yield* figure("Cursor.stream", (rows) => Cursor.stream(read(rows))), yield* figure("Copy.out", copy)]
  })

export const memory: Benchmark = {
  name: "memory",
  run: ({ quick, url }) =>
    Effect.gen(function* () {
      const context: Context.Context<SessionFactory | SqlClient.SqlClient> = yield* Layer.build(ours(url))
      const [sessions, rows] = quick ? [1000, 100_000] : [10_000, 10_000_000]
      const figures = Effect.map(Effect.all([session(sessions), streams(rows)]), ([one, more]) => [one, ...more])
      return yield* Effect.provide(figures, context)
    }).pipe(Effect.scoped)
}
