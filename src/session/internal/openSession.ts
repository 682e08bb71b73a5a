/** Sessions that are open, and the transactions that are open in them. One shape for each: every session makes one. */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Member } from "../../connection/internal/roster.ts"
import { TransactionContext } from "../../connection/TransactionContext.ts"
import type { BeginWith, TransactionUse } from "../../connection/TransactionContext.ts"
import type { Level } from "../../connection/TransactionLevel.ts"
import { describeSession } from "../Session.ts"
import type { SessionDefaults, SessionInfo, SessionOptions } from "../Session.ts"
import { SessionClosed, SessionError } from "../SessionError.ts"
import type { SessionState } from "../SessionState.ts"
import { beginOf } from "./begin.ts"

export class OpenSession implements Member<OpenSession> {
  ahead: OpenSession | undefined
  behind: OpenSession | undefined
  readonly info: SessionInfo
  readonly clock: Clock.Clock
  /** Those that are open now. */
  readonly transactions: Array<OpenTransaction> = []
  state: SessionState = "opened"
  /** When it came to that state, in milliseconds of the clock. */
  stateSince: number
  /** Why it begins no further transaction. */
  closed: SessionError | undefined
  /** How many statements its earlier transactions have run. */
  #statements = 0

  constructor(serial: number, clock: Clock.Clock, options: SessionOptions, defaults: SessionDefaults) {
    const openedAt = clock.currentTimeMillisUnsafe()
    this.clock = clock
    this.stateSince = openedAt
    this.info = {
      id: `s${serial}`,
      openedAt,
      name: options.name,
      component: options.component ?? defaults.component,
      actor: options.actor,
      tenant: options.tenant,
      isolation: options.isolation ?? defaults.isolation,
      readOnly: options.readOnly ?? defaults.readOnly,
      deferrable: options.deferrable ?? defaults.deferrable,
      role: options.role ?? defaults.role,
      statementTimeout: options.statementTimeout ?? defaults.statementTimeout,
      lockTimeout: options.lockTimeout ?? defaults.lockTimeout,
      idleTimeout: options.idleTimeout ?? defaults.idleTimeout,
      timeout: options.timeout ?? defaults.timeout,
      maxAge: options.maxAge ?? defaults.maxAge,
      maxIdle: options.maxIdle ?? defaults.maxIdle,
      retry: options.retry ?? defaults.retry
    }
  }

  /** How many statements its transactions were given. */
  get statements(): number {
    return this.transactions.reduce((sum, { use }) => sum + (use?.statements ?? 0), this.#statements)
  }

  /** Since when none of its statements runs; `undefined` while one does, or while it commits. */
  get idleSince(): number | undefined {
    let since = this.stateSince
    for (const { state, use } of this.transactions) {
      if (state === "committing" || use?.isBusy === true) return undefined
      since = Math.max(since, use?.usedAt ?? 0)
    }
    return since
  }

  become(state: SessionState): void {
    this.state = state
    this.stateSince = this.clock.currentTimeMillisUnsafe()
  }

  /** Lets it begin nothing more, and rolls back what is open in it. What commits may end. */
  close(why: SessionError): Effect.Effect<void> {
    this.closed ??= why
    const open = this.transactions.filter(({ state }) => state === "active")
    for (const transaction of open) transaction.broken ??= why
    return Effect.forEach(open, ({ use }) => use?.rollBack() ?? Effect.void, { discard: true })
  }

  ended(transaction: OpenTransaction): void {
    const { state, use } = transaction
    this.#statements += use?.statements ?? 0
    this.transactions.splice(this.transactions.indexOf(transaction), 1)
    this.become(state)
  }
}

/** Why a session that has ended does nothing more. */
export const closed = ({ closed, info }: OpenSession): SessionError =>
  closed ?? new SessionError({ reason: new SessionClosed({ session: describeSession(info), why: undefined }) })

export type HookKind = "beforeCommit" | "afterCommit" | "afterRollback"

/** An effect, with where it was registered. */
export interface Hook {
  readonly level: Level
  /** With what was provided there, in another transaction or in none. */
  readonly run: (place: <R>(context: Context.Context<R>) => Context.Context<R>) => Effect.Effect<unknown, unknown>
}

export type Hooks = Readonly<Record<HookKind, Array<Hook>>>

/** What `sql.withTransaction` begins with, and all that is known of it from then on: one value to be provided. */
export class OpenTransaction implements BeginWith {
  readonly session: OpenSession
  readonly transactionService: SqlClient["transactionService"]
  readonly begin: string | undefined
  readonly settings: BeginWith["settings"]
  readonly values: BeginWith["values"]
  readonly identified = true
  readonly label: string | undefined
  taken = false
  use: TransactionUse | undefined
  /** Most have none. */
  hooks: Hooks | undefined
  state: SessionState = "active"
  /** Whether a part that has joined it, or one of its savepoints, has failed. */
  hasFailedPart = false
  /** Why it was ended from outside. */
  broken: SessionError | undefined

  constructor(session: OpenSession, transactionService: SqlClient["transactionService"]) {
    this.session = session
    this.transactionService = transactionService
    const { begin, label, settings, values } = beginOf(session.info)
    this.begin = begin
    this.settings = settings
    this.values = values
    this.label = label
    // It may have been closed between two attempts of one that is run again.
    this.broken = session.closed
    session.transactions.push(this)
    session.become("active")
  }

  get isOpen(): boolean {
    return this.state === "active"
  }

  commits(): void {
    this.state = "committing"
    this.session.become("committing")
  }

  ends(state: "committed" | "rolledBack" | "failed"): void {
    this.state = state
    this.session.ended(this)
  }
}

/** The transaction of a session that a fiber is in. */
export const currentTransaction = (context: Context.Context<never>): OpenTransaction | undefined => {
  const begun = Context.get(context, TransactionContext)
  return begun instanceof OpenTransaction ? begun : undefined
}
