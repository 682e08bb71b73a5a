/**
 * A process that runs one side of one comparison at one concurrency, a turn each
 * time it is told to. It has seen nothing else, so its code is compiled for what
 * it does, as in an application that has one client.
 */
import { Effect, Redacted } from "effect"
import { Bench } from "tinybench"
import type { Contender, Operation } from "./Benchmark.ts"
import { comparisons } from "./comparisons.ts"
import type { Length, Order, Setup, Turn } from "./turns.ts"

/** Each package runs as it is meant to be run: an Effect in one runtime, promises without one. */
const loopOf = (operation: Operation, isEffect: boolean, concurrency: number, each: number): (() => Promise<void>) => {
  let index = 0
  const next = () => operation(index++ % 1000)
  if (isEffect) {
    const loop = (left: number): Effect.Effect<void, unknown> =>
      left === 0 ? Effect.void : Effect.flatMap(next() as Effect.Effect<unknown, unknown>, () => loop(left - 1))
    const batch = Effect.all(
      Array.from({ length: concurrency }, () => Effect.suspend(() => loop(each))),
      { concurrency: "unbounded", discard: true }
    )
    return () => Effect.runPromise(batch)
  }
  const loop = async () => {
    for (let left = each; left > 0; left--) await (next() as Promise<unknown>)
  }
  return () => Promise.all(Array.from({ length: concurrency }, loop)).then(() => undefined)
}

/** A turn lasts at least so long, and at least so many operations; the second matters for the warm-up. */
const turn = async (batch: () => Promise<void>, size: number, order: Length): Promise<Turn> => {
  const iterations = Math.max(1, Math.ceil(order.operations / size))
  const bench = new Bench({ time: order.millis, iterations, warmup: false, throws: true })
  bench.add("turn", batch, { async: true })
  const before = process.cpuUsage()
  const [task] = await bench.run()
  const { system, user } = process.cpuUsage(before)
  if (task?.result.state !== "completed") throw new Error("the turn did not complete")
  const count = task.runs * size
  return { perSecond: (size * 1000) / task.result.latency.p50, cpuMicros: (user + system) / count }
}

const find = ({ name, side }: Setup): Contender => {
  const found = comparisons.find((comparison) => comparison.name === name)
  if (found === undefined) throw new Error(`there is no comparison named ${name}`)
  return found[side]
}

const serve = (setup: Setup) =>
  Effect.gen(function* () {
    const operation = yield* find(setup)(Redacted.make(setup.url))
    const first = operation(0)
    yield* Effect.isEffect(first) ? first : Effect.promise(() => first)
    const batch = loopOf(operation, Effect.isEffect(first), setup.concurrency, setup.each)
    yield* Effect.callback<void>((resume) => {
      process.on("message", (order: Order) => {
        if (order === "end") return resume(Effect.void)
        // A rejection ends the process, which the other side notices.
        void turn(batch, setup.concurrency * setup.each, order).then((done) => process.send?.(done))
      })
      process.send?.("ready")
    })
    process.disconnect?.()
  }).pipe(Effect.scoped)

process.once("message", (setup: Setup) => {
  void Effect.runPromise(serve(setup))
})
