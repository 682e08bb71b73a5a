/**
 * Savepoints that are open on a connection, and who may run statements meanwhile.
 *
 * A savepoint belongs to one effect, and the connection to all fibers of the
 * transaction: a statement that another of them sent between SAVEPOINT and ROLLBACK
 * TO would be undone with what it has nothing to do with, although it succeeded. So
 * statements from outside of the innermost savepoint wait until that has ended.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Level } from "../TransactionLevel.ts"

interface Section {
  readonly depth: number
  readonly around: Section | undefined
  readonly ended: Deferred.Deferred<void>
  /** Once its body runs. */
  level: Level | undefined
}

export class Sections {
  readonly #service: SqlClient["transactionService"]
  #innermost: Section | undefined

  constructor(service: SqlClient["transactionService"]) {
    this.#service = service
  }

  /** Its SAVEPOINT is about to be sent. */
  open(depth: number): void {
    this.#innermost = { depth, around: this.#innermost, ended: Deferred.makeUnsafe(), level: undefined }
  }

  /** Its body begins. */
  enter(level: Level): void {
    if (this.#innermost?.depth === level[1]) this.#innermost.level = level
  }

  /** It has been released, or undone. */
  leave(depth: number): void {
    const section = this.#innermost
    if (section?.depth !== depth) return
    this.#innermost = section.around
    Deferred.doneUnsafe(section.ended, Effect.void)
  }

  /** What a statement of this fiber has to wait for. */
  othersOf(fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> | undefined {
    const section = this.#innermost
    if (section === undefined) return undefined
    const level = Context.getOrUndefined(fiber.context, this.#service)
    return level === undefined || level === section.level ? undefined : Deferred.await(section.ended)
  }
}
