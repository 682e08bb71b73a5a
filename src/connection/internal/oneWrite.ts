/**
 * Several statements in the time of one, on a connection that is reserved: all of
 * them go out in one write, and the server skips what comes after one that it
 * refuses. A connection that is not one of ours gets them one after the other.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { remember } from "../../error/internal/failureContext.ts"
import type { Heard } from "./ahead.ts"
import { Lease } from "./lease.ts"

/** A statement whose rows nobody wants. */
export interface Step<E> {
  readonly text: string
  readonly values: ReadonlyArray<string>
  /** Whether the server keeps it under a name: only for a text that is one of a few. Default: false. */
  readonly kept?: boolean
  /** Whether the server says at once that it is done, and not only when all of them are. Default: false. */
  readonly flush?: boolean
  /** What the caller calls its refusal. */
  readonly refused: (error: SqlError) => E
}

/** Whether this connection gets them in one write, COMMITs among them: there is no transaction around, such as a sandbox's. */
export const writesAtOnce = (connection: Connection): boolean =>
  connection instanceof Lease && connection.opening === undefined && connection.wire.canSendAhead

/**
 * Runs the steps and then `last`, which is one statement of this connection. `heard`
 * is told of the steps by a connection that gets them in one write.
 */
export const inOneWrite = <A, E, E2>(
  connection: Connection,
  steps: ReadonlyArray<Step<E>>,
  last: Effect.Effect<A, E2>,
  heard?: Heard
): Effect.Effect<A, E | E2> =>
  Effect.suspend(() => {
    if (steps.length === 0) return last
    const lease = connection instanceof Lease ? connection : undefined
    const ahead = lease?.wire.sendAhead(steps.map(statementOf), heard)
    if (lease === undefined || ahead === undefined) return Effect.andThen(oneByOne(connection, steps), last)
    const sent = Effect.onExitPrimitive(last, () => {
      lease.wire.recall(ahead)
      return undefined
    })
    return Effect.catchCause(sent, (cause): Effect.Effect<A, E | E2> => {
      const step = steps[ahead.done]
      if (ahead.fate !== "refused" || step === undefined) return Effect.failCause(cause)
      const isForgotten = step.kept === true && ahead.isForgotten
      if (isForgotten) ahead.forget()
      if (ahead.done > 0 || !isForgotten) return Effect.fail(step.refused(known(ahead.error, lease)))
      // Nothing has run yet. This ends: what has been forgotten is not kept any more.
      return inOneWrite(connection, steps, last, heard)
    })
  })

/** What is sent ahead has a BEGIN among it, or before it. */
const known = (error: SqlError, { endpoint: { host, port } }: Lease): SqlError => {
  remember(error, { host, port, phase: "transaction_open" })
  return error
}

const statementOf = ({ flush = false, kept = false, text, values }: Step<unknown>) => ({ text, values, kept, flush })

const oneByOne = <E>(connection: Connection, steps: ReadonlyArray<Step<E>>): Effect.Effect<void, E> =>
  Effect.forEach(steps, (step) => runStep(connection, step), { discard: true })

/** One by itself. */
export const runStep = <E>(connection: Connection, { refused, text, values }: Step<E>): Effect.Effect<void, E> =>
  Effect.mapError(Effect.asVoid(connection.executeUnprepared(text, values, undefined)), refused)

/** All of them, with nothing behind them. */
export const runSteps = <E>(connection: Connection, steps: ReadonlyArray<Step<E>>): Effect.Effect<void, E> => {
  const last = steps.at(-1)
  return last === undefined ? Effect.void : inOneWrite(connection, steps.slice(0, -1), runStep(connection, last))
}

/**
 * Runs what sends many statements in one write, and cancels them until they end when it
 * is interrupted: the server drops a request to cancel that finds it between two of them.
 */
export const cancelledWhole = <A, E>(connection: Connection, send: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  connection instanceof Lease
    ? Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.forkChild(restore(send), { startImmediately: true }), (sender) =>
          Effect.onInterrupt(restore(Fiber.join(sender)), () => connection.beforeOthers(Fiber.interrupt(sender)))
        )
      )
    : send
