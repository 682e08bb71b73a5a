/**
 * COPY between a program and the server, on a connection that is reserved or of the
 * transaction that is open, and so a part of it.
 *
 * Either direction goes no faster than its other end. Statements of the same
 * transaction wait for the end of a COPY, unless it would wait for them: then they
 * are refused, at once or when nothing has moved for some seconds. However a COPY
 * ends, by an error of the server, of the data's source, by interruption or because
 * nobody reads on, its connection is ready for the next statement, or is closed.
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CopyUnsupported, InvalidParameter } from "../error/Reason.ts"
import type { Copying } from "./internal/copying.ts"
import { CopyIn } from "./internal/copyIn.ts"
import { CopyOut } from "./internal/copyOut.ts"
import { finalError } from "./internal/failure.ts"
import { Lease } from "./internal/lease.ts"

/**
 * Runs a `COPY ... FROM STDIN` with `data`, and says how many rows were copied. Text
 * is sent as UTF-8. The source is not asked before the server is ready for it. Fails
 * with what `data` fails with, and nothing was copied then.
 */
export const copyIn = <E, R>(
  connection: Connection,
  statement: string,
  data: Stream.Stream<Uint8Array | string, E, R>
): Effect.Effect<number, E | SqlError, R> =>
  Effect.suspend(() => {
    const copying = new CopyIn()
    const send = Stream.runForEachArray(data, (parts) => copying.send(parts.map(bytesOf)))
    const source = Effect.flatMap(copying.whenOpen, (isOpen) =>
      isOpen ? Effect.andThen(send, copying.done) : Effect.void
    )
    let isSourceAtFault = false
    // The server ends the statement by itself when it hears of it: a cancel request might come late, and cost the connection.
    const guarded = Effect.onExitPrimitive(copying.feed(source), (exit) => {
      if (exit._tag === "Success" || copying.isOver) return undefined
      isSourceAtFault = true
      copying.abandon()
      return copying.whenClosed
    })
    const copied = Effect.catchCause(run(connection, statement, copying, "FROM STDIN"), (cause) =>
      isSourceAtFault ? Effect.never : Effect.failCause(cause)
    )
    return Effect.map(Effect.all([copied, guarded], { concurrency: "unbounded" }), ([rows]) => rows)
  })

/** Runs a `COPY ... TO STDOUT`: its bytes, as the server sends them. A row is never divided between two elements. */
export const copyOut = (connection: Connection, statement: string): Stream.Stream<Uint8Array, SqlError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const copying = new CopyOut()
      const statementRun = Effect.onExitPrimitive(run(connection, statement, copying, "TO STDOUT"), (exit) => {
        copying.settle(exit)
        return undefined
      })
      yield* Effect.forkIn(statementRun, scope)
      // Runs before the statement is interrupted, whose end must be read then.
      yield* Scope.addFinalizer(
        scope,
        Effect.sync(() => copying.abandon())
      )
      return Stream.fromPull(Effect.succeed(copying.pull))
    })
  )

const bytesOf = (part: Uint8Array | string): Uint8Array =>
  typeof part === "string" ? new TextEncoder().encode(part) : part

/** Where the driver is not one that is known, the statement fails as a plain one does; elsewhere it is not sent. */
const run = (
  connection: Connection,
  statement: string,
  copying: Copying,
  expected: string
): Effect.Effect<number, SqlError> => {
  const turned = finalError(new InvalidParameter({ statement, failure: `it is no COPY ... ${expected}` }), "query")
  const sent =
    connection instanceof Lease
      ? Effect.map(connection.copy(statement, copying), ({ rowCount }) => rowCount)
      : Effect.fail(finalError(new CopyUnsupported({ statement }), "query"))
  const copied = Effect.flatMap(
    Effect.mapError(sent, (error) => (copying.isTurned ? turned : error)),
    (rowCount) => (copying.hasCopied ? Effect.succeed(rowCount) : Effect.fail(turned))
  )
  return Effect.onExitPrimitive(copied, () => {
    copying.close()
    return undefined
  })
}
