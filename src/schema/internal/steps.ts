/** Runs the steps of a start one after the other, and keeps what each did and how long it took. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { InitializationStep } from "./report.ts"

export interface Outcome<A> {
  readonly value: A
  readonly changed: boolean
  readonly detail: string
}

/** What only looks. */
export const looked = <A>(value: A, detail: string): Outcome<A> => ({ value, changed: false, detail })

export class Steps {
  readonly done: Array<InitializationStep> = []

  readonly run = <A, E, R>(
    name: InitializationStep["name"],
    step: Effect.Effect<Outcome<A>, E, R>
  ): Effect.Effect<A, E, R> =>
    Effect.gen({ self: this }, function* () {
      const start = yield* Clock.monotonicTimeNanos
      const { changed, detail, value } = yield* step
      const durationMillis = Number((yield* Clock.monotonicTimeNanos) - start) / 1e6
      this.done.push({ name, changed, detail, durationMillis })
      return value
    })
}
