/**
 * What a statement costs while the server is known to be away, next to the driver,
 * which tries to connect each time. The driver's figure is the kindest there is: a port
 * that refuses at once. A host that does not answer costs it the connect timeout.
 */
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createServer } from "node:net"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { ours, theirs } from "./support/clients.ts"
import { median } from "./support/median.ts"

const promisedMicros = 100

/** Nobody listens there any more. */
const deserted = Effect.callback<Redacted.Redacted>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" ? address?.port : undefined
    server.close(() => resume(Effect.succeed(Redacted.make(`postgres://nobody:none@127.0.0.1:${port}/nothing`))))
  })
})

/** Microseconds for each of `count` failures in a row, and what the last of them was. */
const failures = (sql: SqlClient.SqlClient, count: number) =>
  Effect.gen(function* () {
    const statement = Effect.flip(sql`SELECT 1`)
    const start = performance.now()
    let last = yield* statement
    for (let index = 1; index < count; index++) last = yield* statement
    const micros = ((performance.now() - start) * 1000) / count
    return { micros, reason: DatabaseError.fromSqlError(last).reason._tag }
  })

/** Goes on until the circuit is open from the first to the last of a row. */
const refusals = (sql: SqlClient.SqlClient, count: number) =>
  Effect.gen(function* () {
    yield* Effect.repeat(failures(sql, 1), { until: ({ reason }) => reason === "CircuitOpen" })
    return yield* Effect.repeat(failures(sql, count), { until: ({ reason }) => reason === "CircuitOpen" })
  })

const measure = (quick: boolean) =>
  Effect.gen(function* () {
    const url = yield* deserted
    const our = Context.get(yield* Layer.build(ours(url)), SqlClient.SqlClient)
    const their = Context.get(yield* Layer.build(theirs(url)), SqlClient.SqlClient)
    const rounds = yield* Effect.forEach(Array.from({ length: quick ? 5 : 200 }), () =>
      Effect.gen(function* () {
        const { micros } = yield* refusals(our, 200)
        return { ours: micros, theirs: (yield* failures(their, 20)).micros }
      })
    )
    const theirsMicros = median(rounds.map((one) => one.theirs))
    const figure: Figure = {
      name: "statement while the server is away",
      ratio: median(rounds.map((one) => one.ours / one.theirs)),
      against: "the driver's attempt to connect to a port that refuses at once",
      ours: median(rounds.map((one) => one.ours)),
      theirs: theirsMicros,
      unit: `microseconds for a failure (lower is better; promised: ${promisedMicros})`,
      target: { atMost: promisedMicros / theirsMicros }
    }
    return [figure]
  }).pipe(Effect.scoped)

export const circuit: Benchmark = {
  name: "circuit",
  run: ({ quick }) => measure(quick)
}
