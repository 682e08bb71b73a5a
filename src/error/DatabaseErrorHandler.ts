/**
 * One place where database failures are named, told to users, logged and counted.
 *
 * `handle` logs an error once, however many layers pass it on, and counts it by
 * its code. What is logged is the error's own message, which holds no values, and
 * a fingerprint of the statement instead of its text, and the session in which it
 * struck: its id, name and component, who acted and for which tenant.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { ActiveSession, noteSession, sessionOf } from "./ActiveSession.ts"
import { type FailureContext, DatabaseError } from "./DatabaseError.ts"
import { callable, optionProblem } from "./internal/optionProblem.ts"
import { tagProblem } from "./internal/reasonTag.ts"
import { translationOf } from "./internal/translations.ts"
import { ClientError, isReason, type Reason } from "./Reason.ts"
import type { Category } from "./RetryScope.ts"

/** What may be shown to an end user. */
export interface Translation {
  /** Our stable code: enough for support to find the failure in the logs. */
  readonly code: string
  readonly category: Category
  readonly message: string
}

export type Tag = Reason["_tag"]
export type ReasonOf<K extends Tag> = Extract<Reason, { readonly _tag: K }>

export interface Options {
  /** Other words, or another language. `undefined` keeps the default sentence. */
  readonly translate?: ((reason: Reason) => string | undefined) | undefined
}

export class DatabaseErrorHandler extends Context.Service<
  DatabaseErrorHandler,
  {
    /** Names any failure. What is no database failure becomes a `ClientError`. */
    readonly classify: (failure: unknown, context?: FailureContext) => DatabaseError
    /** A message for end users, without names of tables or values. */
    readonly translate: (error: DatabaseError) => Translation
    /** Logs once, counts, runs what was registered for the reason, and returns the error. */
    readonly handle: (failure: unknown, context?: FailureContext) => Effect.Effect<DatabaseError>
    /** Handles each failure of an effect on its way out. */
    readonly handling: <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, Exclude<E, SqlError> | DatabaseError, R>
    /**
     * Runs `action` whenever a failure with that reason is handled, until the scope closes. A name that is no reason's
     * is a defect, since nothing would ever be run.
     */
    readonly recover: <K extends Tag>(
      tag: K,
      action: (reason: ReasonOf<K>) => Effect.Effect<void>
    ) => Effect.Effect<void, never, Scope.Scope>
  }
>()("pgkeel/error/DatabaseErrorHandler") {
  static readonly layerOptions = (options: Options): Layer.Layer<DatabaseErrorHandler> =>
    Layer.effect(
      DatabaseErrorHandler,
      Effect.suspend(() => {
        const problem = optionProblem("DatabaseErrorHandler.layerOptions", options, { translate: callable })
        return problem === undefined ? Effect.succeed(make(options)) : Effect.die(new Error(problem))
      })
    )

  static readonly layer = DatabaseErrorHandler.layerOptions({})
}

type Action = (reason: Reason) => Effect.Effect<void>

const errors = Metric.counter("pgkeel_database_errors", {
  description: "Database failures that were handled, by stable code and reason",
  incremental: true
})

const make = (options: Options): DatabaseErrorHandler["Service"] => {
  const actions = new Map<Tag, ReadonlySet<Action>>()
  const handled = new WeakSet<Reason>()

  const translate = (error: DatabaseError): Translation => ({
    code: error.code,
    category: error.category,
    message: options.translate?.(error.reason) ?? translationOf(error.reason)
  })

  const handle = Effect.fn("DatabaseErrorHandler.handle")(function* (failure: unknown, context?: FailureContext) {
    const error = classify(failure, context)
    if (handled.has(error.reason)) return error
    handled.add(error.reason)
    yield* Metric.update(Metric.withAttributes(errors, { code: error.code, reason: error.reason._tag }), 1)
    noteSession(error.reason, yield* ActiveSession)
    yield* log(error)
    yield* Effect.forEach(actions.get(error.reason._tag) ?? [], (action) => tried(action, error.reason), {
      discard: true
    })
    return error
  })

  const handling = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.tapError(DatabaseError.refine(effect), (error) =>
      DatabaseError.isDatabaseError(error) ? handle(error) : Effect.void
    )

  const recover = <K extends Tag>(tag: K, action: (reason: ReasonOf<K>) => Effect.Effect<void>) => {
    const problem = tagProblem("DatabaseErrorHandler.recover", tag)
    if (problem !== undefined) return Effect.die(new Error(problem))
    const guarded: Action = (reason) => (isTagged(tag, reason) ? action(reason) : Effect.void)
    const change = (next: (set: Set<Action>) => void) =>
      Effect.sync(() => {
        const set = new Set(actions.get(tag))
        next(set)
        actions.set(tag, set)
      })
    return Effect.acquireRelease(
      change((set) => set.add(guarded)),
      () => change((set) => set.delete(guarded))
    )
  }

  return DatabaseErrorHandler.of({ classify, translate, handle, handling, recover })
}

/** An action that breaks must not take the place of the failure that it was for. */
const tried = (action: Action, reason: Reason): Effect.Effect<void> =>
  Effect.catchDefect(
    Effect.suspend(() => action(reason)),
    (defect) => Effect.logError(`the recovery action for ${reason._tag} died`, defect)
  )

const isTagged = <K extends Tag>(tag: K, reason: Reason): reason is ReasonOf<K> => reason._tag === tag

const classify = (failure: unknown, context?: FailureContext): DatabaseError => {
  if (DatabaseError.isDatabaseError(failure)) return failure
  if (isReason(failure)) return new DatabaseError({ reason: failure })
  if (isSqlError(failure)) return DatabaseError.fromSqlError(failure, context)
  // Only the kind: a stranger's message may hold anything.
  const kind = failure instanceof Error ? failure.name : typeof failure
  return new DatabaseError({
    reason: new ClientError({ failure: `not a database failure (${kind})`, phase: context?.phase })
  })
}

const log = (error: DatabaseError): Effect.Effect<void> => {
  const { reason } = error
  const struck = reason._tag === "RetriesExhausted" ? reason.last : reason
  const details: Record<string, unknown> = {
    code: error.code,
    reason: reason._tag,
    category: error.category,
    retryScope: error.retryScope
  }
  if ("sqlState" in struck && struck.sqlState !== undefined) details.sqlState = struck.sqlState
  if (reason.phase !== undefined) details.phase = reason.phase
  if (reason.statement !== undefined) details.statement = fingerprint(reason.statement)
  const write = isExpected(error) ? Effect.logWarning(error.message) : Effect.logError(error.message)
  return Effect.annotateLogs(write, { ...details, ...sessionDetails(sessionOf(reason)) })
}

const sessionDetails = (session: ActiveSession | undefined): Record<string, unknown> => {
  if (session === undefined) return {}
  const { actor, component, id, name, tenant } = session
  const known = Object.entries({ session: id, sessionName: name, component, actor, tenant })
  return Object.fromEntries(known.filter(([, value]) => value !== undefined))
}

/** Failures that pass by themselves, and those that a user's input causes. */
const isExpected = ({ category, transient }: DatabaseError): boolean =>
  transient || category === "constraint" || category === "data" || category === "cancelled"

/** The same for the same statement, whatever its spacing; says nothing about what is in it. */
const fingerprint = (statement: string): string =>
  (Hash.string(statement.trim().replace(/\s+/gu, " ")) >>> 0).toString(16).padStart(8, "0")
