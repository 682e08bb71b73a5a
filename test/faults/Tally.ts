/** What the application was told about each of its operations. */
import { Cause, Predicate } from "effect"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { Reason } from "../../src/error/Reason.ts"

export type Told = "pending" | "acknowledged" | "failed" | "unknown"

const names: ReadonlyArray<Told> = ["pending", "acknowledged", "failed", "unknown"]

/** An operation that fails otherwise than by a typed error has no known outcome. */
const toldBy = (cause: Cause.Cause<unknown>): Told => {
  const error = Cause.squash(cause)
  if (Cause.hasDies(cause) || Cause.hasInterrupts(cause)) return "unknown"
  return DatabaseError.isDatabaseError(error) && isUnknown(error.reason) ? "unknown" : "failed"
}

const isUnknown = (reason: Reason): boolean =>
  reason._tag === "OutcomeUnknown" || (reason._tag === "RetriesExhausted" && reason.last._tag === "OutcomeUnknown")

/** How a failure is listed, and a defect cannot be overlooked. */
const nameOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (Cause.hasDies(cause)) return `defect: ${error instanceof Error ? error.message : String(error)}`
  if (!DatabaseError.isDatabaseError(error)) return Predicate.isTagged(error, "SqlError") ? "SqlError" : String(error)
  const { reason } = error
  return reason._tag === "RetriesExhausted"
    ? `RetriesExhausted(${reason.last._tag}) after ${reason.attempts.length} attempts`
    : `${reason._tag}${reason.phase === undefined ? "" : ` in phase ${reason.phase}`}`
}

export class Tally {
  readonly #told: Uint8Array
  readonly #reasons = new Map<string, number>()
  #ended = 0

  constructor(operations: number) {
    this.#told = new Uint8Array(operations)
  }

  get operations(): number {
    return this.#told.length
  }

  /** How many operations have ended, one way or another. */
  get ended(): number {
    return this.#ended
  }

  /** How often each failure was reported, the most frequent first. */
  get reasons(): ReadonlyArray<readonly [name: string, count: number]> {
    return Array.from(this.#reasons).sort(([, one], [, other]) => other - one)
  }

  told(id: number): Told {
    return names[this.#told[id] ?? 0] ?? "pending"
  }

  count(told: Told): number {
    const wanted = names.indexOf(told)
    return this.#told.reduce((count, code) => (code === wanted ? count + 1 : count), 0)
  }

  acknowledge(id: number): void {
    this.#end(id, "acknowledged")
  }

  /** Notes a failure as what it says about the outcome. */
  fail(id: number, cause: Cause.Cause<unknown>): void {
    const name = nameOf(cause)
    this.#reasons.set(name, (this.#reasons.get(name) ?? 0) + 1)
    this.#end(id, toldBy(cause))
  }

  #end(id: number, told: Told): void {
    this.#told[id] = names.indexOf(told)
    this.#ended++
  }
}
