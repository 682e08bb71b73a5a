/**
 * Opens sessions: a transaction around an effect that says who acts, or a handle
 * that outlives transactions and holds a connection only while one is open.
 *
 * Who acts travels with BEGIN, in the same write as the first statement, and is
 * local to the transaction, so it costs no round trip and cannot reach another
 * session. On success the transaction commits; on failure and interruption it
 * rolls back; in each case the connection goes back clean, or is closed.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { Roster } from "../connection/internal/roster.ts"
import * as Retry from "../error/Retry.ts"
import type { SessionFailure } from "./InSession.ts"
import { hasLimits, Limits } from "./internal/limits.ts"
import { closed, OpenSession } from "./internal/openSession.ts"
import { makePropagate } from "./internal/propagate.ts"
import type { Source } from "./internal/propagate.ts"
import { refusal } from "./internal/refusal.ts"
import type { Propagated, Propagation } from "./Propagation.ts"
import { describeSession } from "./Session.ts"
import type { Session, SessionDefaults, SessionInfo, SessionOptions } from "./Session.ts"
import { SessionClosed, SessionError } from "./SessionError.ts"
import type { SessionState } from "./SessionState.ts"

/** A session that lives in a scope. */
export interface SessionHandle extends SessionInfo {
  /** Runs an effect in a transaction of this session; inside one that is open, as a part of it. */
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, SessionFailure<E>, Exclude<R, Session>>
}

/** A session that is open, as `activeSessions` shows it. */
export interface ActiveSession extends SessionInfo {
  readonly state: SessionState
  /** When it came to that state, in milliseconds of the clock. */
  readonly stateSince: number
  readonly ageMillis: number
  /** For how long none of its statements has run; 0 while one does. */
  readonly idleMillis: number
  /** How many statements it has been given. */
  readonly statements: number
  /** Whether one of its transactions is open now. */
  readonly inTransaction: boolean
}

/** Opens a transaction around an effect, or does what `propagation` says about the one that is open. */
export type WithSession = <P extends Propagation = "required">(
  options: SessionOptions & {
    /** Default: `required`. */
    readonly propagation?: P | undefined
  }
) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Propagated<P, A, E, R>

/** What fails by design is run again unless it is said otherwise. */
const retryingOf = ({ isolation, retry }: SessionDefaults): Source["retrying"] => {
  const fallback = isolation === undefined || isolation === "read committed" ? false : {}
  const waits = retry ?? fallback
  if (waits === false) return undefined
  const policy = Retry.transaction(waits)
  // What a policy takes out of a type, it puts into `RetriesExhausted`, which is a reason of the same error.
  return (effect) => policy(effect) as typeof effect
}

/** How many sessions this process has opened, in whatever layer. */
let opened = 0

const make = (defaults: SessionDefaults) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const clock = yield* Clock.Clock
    const sessions = new Roster<OpenSession>()
    const wrongDefaults = refusal(defaults)
    const propagate = makePropagate(sql)
    const scope = yield* Effect.scope
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const fork = (effect: Effect.Effect<void>) => Fiber.runIn(run(effect), scope)
    const limits = new Limits(fork, (session, why) => end(session, why))

    const open = (options: SessionOptions): OpenSession => {
      const session = new OpenSession(++opened, clock, options, defaults)
      sessions.add(session)
      if (hasLimits(session)) limits.watch(session)
      return session
    }

    /** It ends as it should: nothing is open in it. */
    const leave = (session: OpenSession): void => {
      sessions.delete(session)
      if (hasLimits(session)) limits.forget(session)
    }

    /** It is ended, whatever it does. While something is open in it, it is still shown. */
    const end = (session: OpenSession, why: SessionError): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (hasLimits(session)) limits.forget(session)
        return Effect.ensuring(
          session.close(why),
          Effect.sync(() => {
            if (session.transactions.length === 0) sessions.delete(session)
          })
        )
      })

    const sourceOf = (options: SessionOptions): Source => ({
      options,
      enter: () => open(options),
      leave,
      retrying: retryingOf({
        isolation: options.isolation ?? defaults.isolation,
        retry: options.retry ?? defaults.retry
      })
    })

    const withSession: WithSession = (options) => {
      const refused = wrongDefaults ?? refusal(options)
      // Where the options were left out, nobody calls what is returned: it is run as the effect itself.
      if (refused !== undefined && Effect.isEffect(options)) return Effect.fail(refused) as never
      // What each propagation makes of the types is said by `Propagated`; here it is one function for all.
      if (refused !== undefined) return () => Effect.fail(refused) as never
      const source = sourceOf(options)
      const propagation: Propagation = options.propagation ?? "required"
      return (effect) => propagate(propagation, source, effect) as never
    }

    const runIn = (session: OpenSession): SessionHandle["run"] => {
      const { info } = session
      // It stays open after a transaction, unless it was closed in the middle of one.
      const left = () => {
        if (session.closed !== undefined && session.transactions.length === 0) leave(session)
      }
      const source: Source = { options: info, enter: () => session, leave: left, retrying: retryingOf(info) }
      return (effect) =>
        Effect.suspend(() =>
          session.closed !== undefined ? Effect.fail(closed(session)) : propagate("required", source, effect)
        )
    }

    const createSession = Effect.fn("SessionFactory.createSession")(function* (
      options: SessionOptions
    ): Effect.fn.Return<SessionHandle, SessionError, Scope.Scope> {
      const refused = wrongDefaults ?? refusal(options)
      if (refused !== undefined) return yield* refused
      const session = yield* Effect.acquireRelease(
        Effect.sync(() => open(options)),
        (session) => end(session, closed(session))
      )
      return { ...session.info, run: runIn(session) }
    })

    const closeSession = Effect.fn("SessionFactory.closeSession")(function* (id: string, why?: string) {
      const session = Array.from(sessions).find(({ info }) => info.id === id)
      if (session === undefined) return false
      const reason = new SessionClosed({ session: describeSession(session.info), why })
      yield* end(session, new SessionError({ reason }))
      return true
    })

    const activeSessions = Effect.sync((): ReadonlyArray<ActiveSession> => {
      const now = clock.currentTimeMillisUnsafe()
      return Array.from(sessions, ({ idleSince, info, state, stateSince, statements, transactions }) => ({
        ...info,
        state,
        stateSince,
        ageMillis: now - info.openedAt,
        idleMillis: idleSince === undefined ? 0 : now - idleSince,
        statements,
        inTransaction: transactions.length > 0
      }))
    })

    return SessionFactory.of({ withSession, createSession, closeSession, activeSessions })
  })

export class SessionFactory extends Context.Service<
  SessionFactory,
  {
    /**
     * One transaction around an effect; `Retry.whenSafe` may run it again. Inside a
     * session with the same actor and tenant it becomes a part of it.
     */
    readonly withSession: WithSession
    /** A session for a request or a conversation; it ends with its scope. */
    readonly createSession: (options: SessionOptions) => Effect.Effect<SessionHandle, SessionError, Scope.Scope>
    /**
     * Ends the session with this id, whoever has it: what it runs is cancelled, its
     * transaction is rolled back at once, and it fails with `SessionClosed`, which
     * says `why`, at its next statement or at its end. What already commits may end. False when there is none.
     */
    readonly closeSession: (id: string, why?: string) => Effect.Effect<boolean>
    readonly activeSessions: Effect.Effect<ReadonlyArray<ActiveSession>>
  }
>()("pgkeel/session/SessionFactory") {
  /** Sessions whose options have these defaults. Wrong ones are the `InvalidSessionOption` of every session. */
  static readonly layerWith = (defaults: SessionDefaults): Layer.Layer<SessionFactory, never, SqlClient.SqlClient> =>
    Layer.effect(SessionFactory, make(defaults))

  static readonly layer: Layer.Layer<SessionFactory, never, SqlClient.SqlClient> = SessionFactory.layerWith({})
}
