/** Sessions that are open, and the transactions that are open in them. One shape for each: every session makes one. */
import * as Context from "effect/Context"
import type { BeginWith } from "../../connection/TransactionContext.ts"
import type { SessionDefaults, SessionInfo, SessionOptions } from "../Session.ts"
import { beginWith } from "./begin.ts"

export class OpenSession {
  readonly info: SessionInfo
  /** Those that are open now. */
  readonly transactions: Array<OpenTransaction> = []
  closed = false

  constructor(serial: number, openedAt: number, options: SessionOptions, defaults: SessionDefaults) {
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
      retry: options.retry ?? defaults.retry
    }
  }
}

export class OpenTransaction {
  readonly session: OpenSession
  readonly begin: BeginWith
  /** Whether a part that has joined it, or one of its savepoints, has failed. */
  hasFailedPart = false
  ended = false

  constructor(session: OpenSession) {
    this.session = session
    this.begin = beginWith(session.info)
    session.transactions.push(this)
  }

  end(): void {
    this.ended = true
    const { transactions } = this.session
    transactions.splice(transactions.indexOf(this), 1)
  }
}

/** The transaction of a session that a fiber is in. */
export const CurrentTransaction = Context.Reference<OpenTransaction | undefined>("pgkeel/session/CurrentTransaction", {
  defaultValue: () => undefined
})
