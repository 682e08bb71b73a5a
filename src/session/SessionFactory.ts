/**
 * Opens sessions: a transaction around an effect that says who acts, or a handle
 * that outlives transactions and holds a connection only while one is open.
 *
 * Actor and tenant travel with BEGIN, in the same write as the first statement,
 * and are local to the transaction, so they cost no round trip and cannot reach
 * another session. On success the transaction commits; on failure and interruption
 * it rolls back; in each case the connection goes back clean, or is closed.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { TransactionContext } from "../connection/TransactionContext.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { wholeSession } from "../error/Retry.ts"
import type { Safe } from "../error/Retry.ts"
import { beginWith } from "./internal/begin.ts"
import { refusal } from "./internal/refusal.ts"
import { Session } from "./Session.ts"
import type { SessionInfo, SessionOptions } from "./Session.ts"
import { SessionClosed, SessionConflict, SessionError, TransactionAlreadyOpen } from "./SessionError.ts"

/** What becomes of an effect's errors in a session: the driver's are told apart. */
export type SessionFailure<E> = Exclude<E, SqlError> | DatabaseError | SessionError

/** An effect in a session of its own: it can be run again as a whole. */
export type InSession<A, E, R> = Safe<A, SessionFailure<E>, Exclude<R, Session>>

/** A session that lives in a scope. */
export interface SessionHandle extends SessionInfo {
  /** Runs an effect in a transaction of this session. */
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, SessionFailure<E>, Exclude<R, Session>>
}

/** A session that is open, as `activeSessions` shows it. */
export interface ActiveSession extends SessionInfo {
  readonly ageMillis: number
  /** Whether one of its transactions is open now. */
  readonly inTransaction: boolean
}

/** A session that is open. One shape for all of them: every transaction makes one. */
class Entry {
  readonly info: SessionInfo
  closed = false
  transactions = 0

  constructor(serial: number, openedAt: number, options: SessionOptions) {
    const { actor, component, deferrable, isolation, name, readOnly, tenant } = options
    this.info = { id: `s${serial}`, openedAt, name, component, actor, tenant, isolation, readOnly, deferrable }
  }
}

/** The options in which a session that joins another must not differ from it. */
const identity = ["actor", "tenant", "isolation", "readOnly"] as const

const conflict = (open: SessionInfo, wanted: SessionOptions): SessionError | undefined => {
  const option = identity.find((key) => wanted[key] !== undefined && wanted[key] !== open[key])
  return option === undefined
    ? undefined
    : new SessionError({ reason: new SessionConflict({ session: describe(open), option }) })
}

const describe = (info: SessionInfo): string => (info.name === undefined ? info.id : `${info.id} (${info.name})`)

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const clock = yield* Clock.Clock
  const sessions = new Map<string, Entry>()
  let opened = 0

  const open = (options: SessionOptions): Entry => {
    const entry = new Entry(++opened, clock.currentTimeMillisUnsafe(), options)
    sessions.set(entry.info.id, entry)
    return entry
  }

  const close = (entry: Entry): void => {
    entry.closed = true
    sessions.delete(entry.info.id)
  }

  /** One transaction with the context of a session around `effect`. */
  const transact = <A, E, R>(entry: Entry, effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(
      DatabaseError.refine(
        Effect.provideService(sql.withTransaction(effect), TransactionContext, beginWith(entry.info))
      ),
      Session,
      entry.info
    )

  /** Joins the session that is open, as a savepoint, or says why not. */
  const join = <A, E, R>(info: SessionInfo, options: SessionOptions, effect: Effect.Effect<A, E, R>) => {
    const error = conflict(info, options)
    return error === undefined
      ? Effect.provideService(DatabaseError.refine(sql.withTransaction(effect)), Session, info)
      : Effect.fail(error)
  }

  /** One transaction of `options`, or a part of the session that is open; `enter` and `leave` surround the first. */
  const within = <A, E, R>(
    options: SessionOptions,
    effect: Effect.Effect<A, E, R>,
    enter: () => Entry,
    leave: (entry: Entry) => void
  ): Effect.Effect<A, SessionFailure<E>, Exclude<R, Session>> =>
    Effect.withFiber((fiber): Effect.Effect<A, SessionFailure<E>, Exclude<R, Session>> => {
      if (Context.getOrUndefined(fiber.context, sql.transactionService) !== undefined) {
        const outer = Context.getOrUndefined(fiber.context, Session)
        return outer === undefined ? Effect.fail(alreadyOpen(options)) : join(outer, options, effect)
      }
      let entry: Entry | undefined
      // Entered inside the frame that leaves again, so that no interruption falls between.
      return Effect.onExitPrimitive(
        Effect.suspend(() => {
          entry = enter()
          entry.transactions++
          return transact(entry, effect)
        }),
        () => {
          if (entry !== undefined) leave(entry)
          return undefined
        }
      )
    })

  const whole =
    (options: SessionOptions) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      within(options, effect, () => open(options), close)

  const withSession = (options: SessionOptions) => {
    const refused = refusal(options)
    // Where the options were left out, nobody calls what is returned: it is run as the effect itself.
    if (refused !== undefined && Effect.isEffect(options)) return Effect.fail(refused) as never
    return <A, E, R>(effect: Effect.Effect<A, E, R>): InSession<A, E, R> =>
      wholeSession(refused === undefined ? whole(options)(effect) : Effect.fail(refused))
  }

  const run =
    (entry: Entry): SessionHandle["run"] =>
    (effect) =>
      Effect.suspend(() =>
        entry.closed
          ? Effect.fail(new SessionError({ reason: new SessionClosed({ session: describe(entry.info) }) }))
          : within(
              entry.info,
              effect,
              () => entry,
              () => void entry.transactions--
            )
      )

  const createSession = Effect.fn("SessionFactory.createSession")(function* (
    options: SessionOptions
  ): Effect.fn.Return<SessionHandle, SessionError, Scope.Scope> {
    const refused = refusal(options)
    if (refused !== undefined) return yield* refused
    const entry = yield* Effect.acquireRelease(
      Effect.sync(() => open(options)),
      (entry) => Effect.sync(() => close(entry))
    )
    return { ...entry.info, run: run(entry) }
  })

  const closeSession = (id: string): Effect.Effect<boolean> =>
    Effect.sync(() => {
      const entry = sessions.get(id)
      if (entry === undefined) return false
      close(entry)
      return true
    })

  const activeSessions = Effect.sync((): ReadonlyArray<ActiveSession> => {
    const now = clock.currentTimeMillisUnsafe()
    return Array.from(sessions.values(), ({ info, transactions }) => ({
      ...info,
      ageMillis: now - info.openedAt,
      inTransaction: transactions > 0
    }))
  })

  return { withSession, createSession, closeSession, activeSessions }
})

const alreadyOpen = (options: SessionOptions): SessionError =>
  new SessionError({ reason: new TransactionAlreadyOpen({ session: options.name ?? "without a name" }) })

export class SessionFactory extends Context.Service<
  SessionFactory,
  {
    /**
     * One transaction around an effect; `Retry.whenSafe` may run it again. Inside a
     * session with the same actor and tenant it joins it by a savepoint.
     */
    readonly withSession: (options: SessionOptions) => <A, E, R>(effect: Effect.Effect<A, E, R>) => InSession<A, E, R>
    /** A session for a request or a conversation; it ends with its scope. */
    readonly createSession: (options: SessionOptions) => Effect.Effect<SessionHandle, SessionError, Scope.Scope>
    /** Lets the session with this id begin no further transaction; false when there is none. */
    readonly closeSession: (id: string) => Effect.Effect<boolean>
    readonly activeSessions: Effect.Effect<ReadonlyArray<ActiveSession>>
  }
>()("pgkeel/session/SessionFactory") {
  static readonly layer: Layer.Layer<SessionFactory, never, SqlClient.SqlClient> = Layer.effect(
    SessionFactory,
    Effect.map(make, SessionFactory.of)
  )
}
