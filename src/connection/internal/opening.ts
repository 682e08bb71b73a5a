/**
 * A transaction that is promised and has not begun: BEGIN and what belongs to it
 * go out ahead of its first statement, in the same write. So a transaction costs
 * no round trip until it does something, and one that does nothing costs none.
 *
 * PostgreSQL takes a transaction's snapshot with its first statement, not with
 * BEGIN, so nothing but the time of `now()` can tell the difference.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SqlError } from "effect/sql/SqlError"
import { ConnectionLost, ConnectionReleased, InvalidParameter } from "../../error/Reason.ts"
import type { Ahead } from "./ahead.ts"
import { connectionError, errorOf, finalError, isStale } from "./failure.ts"
import type { Answer, Statement } from "./statement.ts"
import { noteUnknownRole } from "./unknownRole.ts"
import type { Wire } from "./wire.ts"

const rollback: Statement = { text: "ROLLBACK", values: [], kept: true }

/** Waiting for its first statement, on its way with it, begun, ended without having begun, or refused for good. */
type State = "waiting" | "sending" | "begun" | "ended" | SqlError

export class Opening {
  readonly #wire: Wire
  readonly #statements: ReadonlyArray<Statement>
  /** Gives up a connection of which nobody knows what state it is in. */
  readonly #discard: Effect.Effect<void>
  #state: State
  #settled: Deferred.Deferred<void> | undefined
  /** Whether a failed transaction is to be rolled back first. */
  #failed = false
  #repeated = false
  #identity: string | null | undefined

  constructor(wire: Wire, statements: ReadonlyArray<Statement>, discard: Effect.Effect<void>) {
    this.#wire = wire
    this.#statements = statements
    this.#discard = discard
    this.#state = refusal(statements) ?? "waiting"
  }

  /** Of a transaction that has begun already. */
  static begun(wire: Wire): Opening {
    const opening = new Opening(wire, [], Effect.void)
    opening.#become("begun")
    return opening
  }

  get isBegun(): boolean {
    return this.#state === "begun"
  }

  /** The transaction's id, once it has begun; null for one that cannot write, undefined for one that was not asked. */
  get identity(): string | null | undefined {
    return this.#identity
  }

  /** Runs a statement of the transaction, which begins with the first. */
  ahead<A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> {
    return Effect.suspend(() => {
      switch (this.#state) {
        case "begun":
          return statement
        case "waiting":
          return this.#first(statement)
        case "sending":
          return Effect.andThen(this.#wait(), this.ahead(statement))
        case "ended":
          return Effect.fail(released())
        default:
          return Effect.fail(this.#state)
      }
    })
  }

  /** Ends the transaction by `statement`; one that has not begun ends as it is. */
  end<A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A | undefined, SqlError> {
    return Effect.suspend(() => {
      switch (this.#state) {
        case "begun":
          return statement
        case "waiting":
          this.#state = "ended"
          return this.#failed ? Effect.as(this.#discard, undefined) : Effect.succeed(undefined)
        case "sending":
          return Effect.andThen(this.#wait(), this.end(statement))
        case "ended":
          return Effect.succeed(undefined)
        default:
          return Effect.fail(this.#state)
      }
    })
  }

  #first<A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> {
    let sent: { readonly ahead: Ahead; readonly statements: ReadonlyArray<Statement> } | undefined
    // Inside the frame that settles it, since a fiber may be interrupted between.
    const begun = Effect.suspend(() => {
      if (this.#state !== "waiting") return this.ahead(statement)
      const statements = this.#failed ? [rollback, ...this.#statements] : this.#statements
      const ahead = this.#wire.sendAhead(statements)
      if (ahead === undefined) return Effect.andThen(this.#oneByOne(), statement)
      this.#state = "sending"
      sent = { ahead, statements }
      return statement
    })
    return Effect.catchCause(
      Effect.onExitPrimitive(begun, (exit) =>
        sent === undefined ? undefined : this.#settle(sent.ahead, sent.statements, exit)
      ),
      (cause) =>
        sent === undefined || this.#state === "begun" || sent.ahead.fate === "unsent"
          ? Effect.failCause(cause)
          : this.ahead(statement)
    )
  }

  /** What is known once the first statement has ended, whatever its end. */
  #settle(
    ahead: Ahead,
    statements: ReadonlyArray<Statement>,
    exit: Exit.Exit<unknown, SqlError>
  ): Effect.Effect<void> | undefined {
    this.#wire.recall(ahead)
    const { fate } = ahead
    if (fate === "unsent") return this.#become("waiting")
    if (!this.#repeated && (fate === "done" ? isStale(exit) : ahead.isForgotten)) {
      // Nothing of the transaction has been done yet, so it can begin again with all statements prepared anew.
      this.#repeated = true
      this.#failed = fate === "done" || ahead.isInFailedTransaction
      ahead.forget()
      return this.#become("waiting")
    }
    if (fate === "done") return this.#begun(statements, ahead.answers)
    this.#become(fate === "refused" ? noteUnknownRole(ahead.error, statements[ahead.done]) : failureOf(exit))
    return this.#discard
  }

  #begun(statements: ReadonlyArray<Statement>, answers: ReadonlyArray<Answer>): undefined {
    for (const [index, { tells }] of statements.entries()) {
      if (tells === "transactionId") this.#identity = answers[index] ?? null
      if (tells === "incarnation") this.#wire.incarnation = answers[index]
    }
    return this.#become("begun")
  }

  /** For a driver that cannot send ahead: a round trip for each statement. */
  #oneByOne(): Effect.Effect<void, SqlError> {
    const one = ({ kept, text, values }: Statement) =>
      Effect.mapBoth(this.#wire.connection.queryValues(text, values, kept), {
        onFailure: (error) => noteUnknownRole(error, { kept, text, values }),
        onSuccess: ([row]) => answerOf(row?.at(-1))
      })
    let began = false
    const all = Effect.suspend(() => {
      this.#state = "sending"
      began = true
      return Effect.forEach(this.#statements, one)
    })
    return Effect.asVoid(
      Effect.onExitPrimitive(all, (exit) => {
        if (!began) return undefined
        if (exit._tag === "Success") return this.#begun(this.#statements, exit.value)
        this.#become(failureOf(exit))
        return this.#discard
      })
    )
  }

  #become(state: State): undefined {
    this.#state = state
    const settled = this.#settled
    this.#settled = undefined
    if (settled !== undefined) Deferred.doneUnsafe(settled, Exit.void)
  }

  #wait(): Effect.Effect<void> {
    this.#settled ??= Deferred.makeUnsafe<void>()
    return Deferred.await(this.#settled)
  }
}

const answerOf = (value: unknown): Answer => (typeof value === "string" ? value : undefined)

/** A NUL would end a text before its end: what follows it would be lost in silence. Texts that are kept are our own. */
export const refusal = (statements: ReadonlyArray<Statement>): SqlError | undefined => {
  const isCut = ({ kept, text, values }: Statement) => (!kept && hasNul(text)) || values.some(hasNul)
  if (!statements.some(isCut)) return undefined
  const failure = "a value holds a NUL character, which PostgreSQL text cannot"
  return finalError(new InvalidParameter({ failure }), "query")
}

const hasNul = (value: string): boolean => value.includes("\0")

/** What a statement fails with whose connection has been given back. */
export const released = (): SqlError => connectionError(new ConnectionReleased({}), "query")

/** What is left of a transaction of which a part could not be undone. */
export const givenUp = (): SqlError => {
  const failure = "a part of the transaction could not be rolled back, so the whole was given up"
  return connectionError(new ConnectionLost({ phase: "transaction_open", failure }), "query")
}

/** Why a transaction did not begin, for the statements that come after. */
const failureOf = (exit: Exit.Exit<unknown, SqlError>): SqlError => {
  const error = errorOf(exit)
  if (error !== undefined) return error
  const message = "the transaction's first statement was interrupted before the transaction had begun"
  return connectionError(new Error(message), "query")
}
