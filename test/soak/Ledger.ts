/** What became of the sessions of a soak, and what was seen that should not have been. */
import { Cause, Exit, Predicate } from "effect"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { SessionError } from "../../src/session/SessionError.ts"
import type { Ending, Identity } from "./Plan.ts"

const shownFindings = 10

/** The tag of a failure's reason, or its own. */
const nameOf = (error: unknown): string => {
  if (DatabaseError.isDatabaseError(error) || error instanceof SessionError) return error.reason._tag
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : String(error)
}

export class Ledger {
  committed = 0
  rolledBack = 0
  interrupted = 0
  /** Statements that saw somebody else's actor or tenant. */
  mismatches = 0
  /** Sessions that ended otherwise than they were to. */
  unexpected = 0
  /** The first few, in words. */
  readonly findings: Array<string> = []

  get ended(): number {
    return this.committed + this.rolledBack + this.interrupted
  }

  look(expected: Identity, seen: Identity, where: string): void {
    if (seen.actor === expected.actor && seen.tenant === expected.tenant) return
    this.mismatches++
    this.#find(`${where} saw ${JSON.stringify(seen)} in place of ${JSON.stringify(expected)}`)
  }

  end(index: number, ending: Ending, exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit)) {
      this.committed++
      if (ending.failure !== undefined) this.surprise(`session ${index} committed in place of ${ending.failure}`)
      return
    }
    if (ending.isInterrupted === true && Cause.hasInterrupts(exit.cause)) {
      this.interrupted++
      return
    }
    this.rolledBack++
    const name = Cause.hasDies(exit.cause) ? "a defect" : nameOf(Cause.squash(exit.cause))
    if (name === ending.failure) return
    const wanted = ending.isInterrupted === true ? "an interruption" : (ending.failure ?? "a commit")
    this.surprise(`session ${index} ended with ${name} in place of ${wanted}: ${Cause.pretty(exit.cause)}`)
  }

  surprise(finding: string): void {
    this.unexpected++
    this.#find(finding)
  }

  #find(finding: string): void {
    if (this.findings.length < shownFindings) this.findings.push(finding)
  }
}
