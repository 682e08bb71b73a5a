/**
 * The one error that everything below an application's own code fails with when
 * the database is at fault. What happened is its tagged `reason`:
 *
 * ```ts
 * effect.pipe(
 *   DatabaseError.refine,
 *   DatabaseError.catchReason("UniqueViolation", (reason) => Effect.succeed(reason.columns))
 * )
 * ```
 *
 * The driver's own error is not kept as a cause. All that it knows is on the
 * reason, and it may hold what must not be logged: a malformed URL with its
 * password, a value in quotation marks.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { ActiveSession, noteSession } from "./ActiveSession.ts"
import { classify } from "./internal/classify.ts"
import type { FailureContext } from "./internal/failureContext.ts"
import type { ReasonTraits } from "./internal/reasonClass.ts"
import { construct } from "./internal/construct.ts"
import { tagProblem } from "./internal/reasonTag.ts"
import { render } from "./internal/render.ts"
import { Reason } from "./Reason.ts"

const TypeId = "~pgkeel/error/DatabaseError" as const

/** What the caller knows and the driver does not say: how far it had come, which statement, which server. */
export type { FailureContext }

export class DatabaseError extends Schema.TaggedError<DatabaseError>("pgkeel/error/DatabaseError")("DatabaseError", {
  reason: Reason
}) {
  get [TypeId](): typeof TypeId {
    return TypeId
  }

  override get name(): string {
    return "DatabaseError"
  }

  /** The reason's: what happened, to what, and what to do next. Never a value of a row or a parameter. */
  override get message(): string {
    return (this.reason as DatabaseError["reason"] | undefined)?.message ?? ""
  }

  get code(): ReasonTraits["code"] {
    return this.reason.code
  }

  get category(): ReasonTraits["category"] {
    return this.reason.category
  }

  /** Whether the same thing may work a moment later; whether it is safe to try is `retryScope`. */
  get transient(): boolean {
    return this.reason.transient
  }

  get connectionLost(): boolean {
    return this.reason.connectionLost
  }

  get retryScope(): ReasonTraits["retryScope"] {
    return this.reason.retryScope
  }

  /** Line and column that the server points to, where position and statement are known. */
  get location(): ReasonTraits["location"] {
    return this.reason.location
  }

  /**
   * The message, and below it the line of the statement that the server points
   * to, with a caret. It shows the statement's text: for a developer's terminal,
   * not for logs.
   */
  static render(this: void, error: DatabaseError): string {
    return render(error.reason)
  }

  static isDatabaseError(this: void, value: unknown): value is DatabaseError {
    return Predicate.hasProperty(value, TypeId)
  }

  /** Says what the driver's error means. A `SqlError` that carries a reason of ours keeps it. */
  static fromSqlError(this: void, error: SqlError, context?: FailureContext): DatabaseError {
    return construct(DatabaseError, { _tag: "DatabaseError", reason: classify(error, context) })
  }

  /** Turns the `SqlError` in an effect's error channel into a `DatabaseError`; other errors stay. */
  static refine<A, E, R>(
    this: void,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, Exclude<E, SqlError> | DatabaseError, R> {
    return Effect.catchCause(effect, (cause) =>
      Effect.withFiber((fiber) => {
        const session = Context.get(fiber.context, ActiveSession)
        return Effect.failCause(Cause.map(cause, (error) => refineError(error, session)))
      })
    )
  }

  /**
   * Handles one reason, and removes it from the type of the error.
   * `Effect.catchReason` does the first, and leaves the type as it was. A `SqlError`
   * is refined on the way. A name that is no reason's is a defect.
   */
  static catchReason<K extends Reason["_tag"], A2, E2, R2>(
    this: void,
    tag: K,
    handler: (reason: Extract<Reason, { readonly _tag: K }>) => Effect.Effect<A2, E2, R2>
  ): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A | A2, WithoutReason<Refined<E>, K> | E2, R | R2> {
    const problem = tagProblem("DatabaseError.catchReason", tag)
    if (problem !== undefined) return () => Effect.die(new Error(problem))
    return <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.catch(DatabaseError.refine(effect), (error): Effect.Effect<A2, WithoutReason<Refined<E>, K> | E2, R2> =>
        DatabaseError.isDatabaseError(error) && isTagged(tag, error.reason)
          ? handler(error.reason)
          : Effect.fail(error as WithoutReason<Refined<E>, K>)
      )
  }
}

/** A `DatabaseError` that has one of these reasons. */
export interface DatabaseErrorWith<R extends Reason> extends Omit<DatabaseError, "reason"> {
  readonly reason: R
}

/** What becomes of an error when it is refined. */
export type Refined<E> = E extends SqlError ? DatabaseError : E

/** An error channel whose `DatabaseError` can no longer have the reason `K`. */
export type WithoutReason<E, K extends Reason["_tag"]> = E extends {
  readonly _tag: "DatabaseError"
  readonly reason: infer R extends Reason
}
  ? DatabaseErrorWith<Exclude<R, { readonly _tag: K }>>
  : E

const isTagged = <K extends Reason["_tag"]>(tag: K, reason: Reason): reason is Extract<Reason, { readonly _tag: K }> =>
  reason._tag === tag

const refineError = <E>(error: E, session: ActiveSession | undefined): Exclude<E, SqlError> | DatabaseError => {
  if (!isSqlError(error)) return error as Exclude<E, SqlError>
  const refined = DatabaseError.fromSqlError(error)
  noteSession(refined.reason, session)
  return refined
}
