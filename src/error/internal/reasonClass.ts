/**
 * What all reasons have in common, so that a reason is a row: its own fields,
 * its stable code, and one sentence.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Category, Phase, type RetryScope } from "../RetryScope.ts"
import * as SqlState from "../SqlState.ts"
import { mayCommitWithin } from "./command.ts"
import { type Location, locate } from "./excerpt.ts"
import { withoutValues } from "./wording.ts"

export const ReasonTypeId = "~pgkeel/error/Reason" as const

const text = Schema.optional(Schema.String)

/** Where and when it happened. All reasons have these. */
export const contextFields = {
  /** How far the connection had come, where that is known. */
  phase: Schema.optional(Phase),
  /** The statement's text with its placeholders; never its parameters. */
  statement: text
}

/** What a server says in an ErrorResponse (manual, 55.8), under its own names. */
export const serverFields = {
  ...contextFields,
  /** `ERROR`, `FATAL` or `PANIC`, never translated. */
  severity: text,
  /** The primary message in the server's language. May quote a value. */
  serverMessage: text,
  /** The server's detail as it came. It often holds values: not for logs. */
  detail: text,
  hint: text,
  schema: text,
  table: text,
  column: text,
  dataType: text,
  constraint: text,
  /** Where in the statement, in characters, counted from 1. */
  position: Schema.optional(Schema.Number),
  /** The query that a function was running, where the failure is in it. May hold values. */
  internalQuery: text,
  /** Where in that query, in characters, counted from 1. */
  internalPosition: Schema.optional(Schema.Number),
  /** The PL/pgSQL call stack, or what else was going on. */
  where: text,
  /** The function in PostgreSQL's source that raised it. */
  routine: text
}

/** A failure that only a server reports. `sqlState` is filled in when left out. */
export const serverReason = (sqlState: string) => ({
  sqlState: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed(sqlState))),
  ...serverFields
})

/** A failure that a server, the operating system or the driver reports. */
export const anyReason = {
  sqlState: text,
  ...serverFields,
  /** The operating system's or Node's code: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
  systemCode: text,
  /** What the driver or the operating system said. */
  failure: text
}

/** What can be asked of every reason. */
export interface ReasonTraits {
  readonly [ReasonTypeId]: typeof ReasonTypeId
  /** Our own stable code, such as `PGK2001`; listed with its meaning in the documentation. */
  readonly code: string
  /** The SQLSTATE's condition name, such as `unique_violation`. */
  readonly condition: string | undefined
  readonly category: Category
  /** Whether the same thing may work a moment later. */
  readonly transient: boolean
  /** Whether the connection is gone. */
  readonly connectionLost: boolean
  /** The smallest unit that may be run again. */
  readonly retryScope: RetryScope
  /** Line and column that the server points to, where position and statement are known. */
  readonly location: Location | undefined
}

/** A reason's row. What is left out is taken from the SQLSTATE. */
export interface Definition<R> {
  readonly code: string
  readonly category?: Category
  readonly transient?: boolean
  readonly connectionLost?: boolean
  readonly retryScope?: RetryScope
  /** Whether `retryScope` holds however far the connection had come. */
  readonly settled?: boolean
  /** What happened, to what, and what to do next; without values. */
  readonly message: (reason: R) => string
}

interface AnyReason {
  readonly _tag: string
  readonly sqlState?: string | undefined
  readonly severity?: string | undefined
  readonly phase?: Phase | undefined
  readonly statement?: string | undefined
  readonly position?: number | undefined
}

/** Gives a reason class its name and its traits. Called once, from the class's static block. */
export const define = <R extends AnyReason>(
  self: { readonly prototype: R; readonly identifier: string },
  definition: Definition<NoInfer<R>>
): void => {
  const lost = (reason: R) => isConnectionLost(reason, definition.connectionLost ?? describe(reason).connectionLost)
  const getters: { readonly [K in keyof ReasonTraits | "message"]: (this: R) => unknown } = {
    [ReasonTypeId]: () => ReasonTypeId,
    code: () => definition.code,
    condition() {
      return this.sqlState === undefined ? undefined : describe(this).condition
    },
    category() {
      return definition.category ?? describe(this).category
    },
    transient() {
      return definition.transient ?? describe(this).transient
    },
    connectionLost() {
      return lost(this)
    },
    retryScope() {
      const { connectionLost, retryScope } = describe(this)
      const scope = definition.retryScope ?? retryScope
      if (definition.settled === true) return scope
      return scopeOf(this, scope, lost(this), this.severity === "ERROR" && connectionLost)
    },
    location() {
      const { position, statement } = this
      return position === undefined || statement === undefined ? undefined : locate(statement, position)
    },
    message() {
      return definition.message(this)
    }
  }
  for (const key of [ReasonTypeId, ...traitNames]) {
    Object.defineProperty(self.prototype, key, { get: getters[key], configurable: true })
  }
  Object.defineProperty(self.prototype, "toJSON", { value: withoutQuotes, configurable: true, writable: true })
  const name = self.identifier.slice(self.identifier.lastIndexOf("/") + 1)
  Object.defineProperty(self.prototype, "name", { value: name, configurable: true, writable: true })
}

/** What loggers and inspectors show of a reason: everything but the texts that may quote a row. */
function withoutQuotes(this: ReasonTraits & { readonly message: string; readonly serverMessage?: string }): object {
  const { serverMessage, detail: _, where: __, internalQuery: ___, ...rest }: Record<string, unknown> = { ...this }
  const shown = this.category === "data" ? withoutValues(this.serverMessage) : serverMessage
  return { ...rest, code: this.code, message: this.message, ...(shown === undefined ? {} : { serverMessage: shown }) }
}

const traitNames = [
  "code",
  "condition",
  "category",
  "transient",
  "connectionLost",
  "retryScope",
  "location",
  "message"
] as const

const describe = (reason: AnyReason): SqlState.Description =>
  SqlState.describe(reason.sqlState ?? SqlState.INTERNAL_ERROR)

/** The severity decides where there is one: a server that says ERROR keeps the connection. */
const isConnectionLost = (reason: AnyReason, otherwise: boolean): boolean =>
  reason.severity === undefined ? otherwise : reason.severity === "FATAL" || reason.severity === "PANIC"

/**
 * `foreign` marks a connection failure that arrived as an ERROR: a foreign data
 * wrapper or dblink lost a connection, not we, and the statement was rolled back.
 */
const scopeOf = (reason: AnyReason, scope: RetryScope, connectionLost: boolean, foreign: boolean): RetryScope => {
  const { phase } = reason
  if (foreign && (scope === "by_phase" || scope === "connection")) return "transaction"
  if (connectionLost && (phase === "commit_sent" || phase === "statement_sent")) return "unknown_outcome"
  if (phase === "statement_sent" && scope !== "never" && mayCommitWithin(reason.statement ?? "select")) {
    return "unknown_outcome"
  }
  // A statement of an open transaction is never run again by itself.
  if (scope === "statement" && phase === "transaction_open") return "transaction"
  return scope === "by_phase" && phase !== undefined ? scopeByPhase[phase] : scope
}

const scopeByPhase: Readonly<Record<Phase, RetryScope>> = {
  connecting: "connection",
  idle: "statement",
  statement_sent: "unknown_outcome",
  transaction_open: "transaction",
  commit_sent: "unknown_outcome"
}
