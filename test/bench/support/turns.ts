/**
 * Two processes that take turns on one server. A turn is short, and who goes
 * first changes every round (ABBA), so that what disturbs the machine disturbs
 * both alike; a ratio is only ever taken between neighbours.
 */
import { Effect } from "effect"
import type { Scope } from "effect"
import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"

export type Side = "ours" | "theirs"

export interface Setup {
  readonly name: string
  readonly side: Side
  readonly concurrency: number
  readonly url: string
  /** How many operations one after another a fiber does in a batch. */
  readonly each: number
}

export interface Length {
  readonly millis: number
  readonly operations: number
}

export type Order = Length | "end"

export interface Turn {
  readonly perSecond: number
  /** Of the contender's process, for one operation. */
  readonly cpuMicros: number
}

export interface Round {
  readonly ours: Turn
  readonly theirs: Turn
}

export interface Plan {
  /** Fresh pairs of processes: what the compiler does with one and the same code differs between processes. */
  readonly pairs: number
  readonly rounds: number
  /** The compiler goes by how often code has run, and on a busy machine that is not a matter of time. */
  readonly warmUp: Length
  readonly turn: Length
}

const entry = fileURLToPath(new URL("contender.ts", import.meta.url))

/** Node strips the types itself: a loader that names every closure would slow ours down, and not the packages. */
const start = (setup: Setup): Effect.Effect<ChildProcess, Error, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => fork(entry, { execArgv: [] })),
    (child) => Effect.sync(() => (child.connected ? child.send("end" satisfies Order) : child.kill()))
  ).pipe(Effect.tap((child) => exchange<"ready">(child, setup)))

/** Sends a message and waits for the answer. */
const exchange = <A>(child: ChildProcess, message: Setup | Order): Effect.Effect<A, Error> =>
  Effect.callback((resume) => {
    const onMessage = (answer: unknown) => finish(Effect.succeed(answer as A))
    const onExit = (code: number | null) => finish(Effect.fail(new Error(`a contender ended with code ${code}`)))
    const finish = (result: Effect.Effect<A, Error>) => {
      child.off("message", onMessage)
      child.off("exit", onExit)
      resume(result)
    }
    child.on("message", onMessage)
    child.on("exit", onExit)
    child.send(message)
  })

const pair = Effect.fnUntraced(function* (setup: Omit<Setup, "side">, plan: Plan) {
  const [ours, theirs] = yield* Effect.all([start({ ...setup, side: "ours" }), start({ ...setup, side: "theirs" })], {
    concurrency: 2
  })
  const play = (child: ChildProcess, length: Length) => exchange<Turn>(child, length)
  yield* Effect.all([play(ours, plan.warmUp), play(theirs, plan.warmUp)], { concurrency: 2 })
  const rounds: Array<Round> = []
  for (let index = 0; index < plan.rounds; index++) {
    const [first, second] = index % 2 === 0 ? [ours, theirs] : [theirs, ours]
    const one = yield* play(first, plan.turn)
    const other = yield* play(second, plan.turn)
    rounds.push(first === ours ? { ours: one, theirs: other } : { ours: other, theirs: one })
  }
  return rounds
}, Effect.scoped)

/** All rounds of all pairs. */
export const takeTurns = (setup: Omit<Setup, "side">, plan: Plan): Effect.Effect<ReadonlyArray<Round>, Error> =>
  Effect.map(
    Effect.forEach(Array.from({ length: plan.pairs }), () => pair(setup, plan)),
    (pairs) => pairs.flat()
  )
