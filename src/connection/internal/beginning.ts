/**
 * The statements that a transaction begins with: BEGIN, its settings, and, for one
 * whose outcome is to be known, its number and the incarnation of its server.
 */
import { quoteLiteral } from "../../error/internal/quote.ts"
import type { BeginWith } from "../TransactionContext.ts"
import type { Lease } from "./lease.ts"
import { incarnation } from "./outcome.ts"
import type { Lost } from "./outcome.ts"
import type { Statement } from "./statement.ts"
import type { Wire } from "./wire.ts"

/** A transaction that cannot write takes no number, which would be one fewer for those that do. */
const transactionId =
  "CASE WHEN pg_catalog.current_setting('transaction_read_only') = 'off' THEN pg_catalog.pg_current_xact_id()::text END"

/** `set_config` with its third argument true is SET LOCAL with parameters (manual, 9.28.1). */
const select = (count: number, identified: boolean): string => {
  const calls = Array.from({ length: count }, (_, at) => `pg_catalog.set_config($${at * 2 + 1}, $${at * 2 + 2}, true)`)
  return `SELECT ${[...calls, ...(identified ? [transactionId] : [])].join(", ")}`
}

/** The text for each number of settings. */
const texts = Array.from({ length: 12 }, (_, count) => ({
  identified: select(count, true),
  anonymous: select(count, false)
}))

export const contextStatement = ({ identified, settings }: BeginWith): Statement => {
  const values: Array<string> = []
  for (const [name, value] of settings) values.push(name, value)
  const text = texts[settings.length]?.[identified ? "identified" : "anonymous"]
  const statement = { text: text ?? select(settings.length, identified), values, kept: true }
  return identified ? { ...statement, tells: "transactionId" } : statement
}

/** A statement that an application gives is not one of a fixed few, so it is not kept. */
export const beginning = (
  wire: Wire,
  given: string | undefined,
  context: BeginWith,
  snapshot?: string
): ReadonlyArray<Statement> => {
  const first = { text: given ?? context.begin ?? "BEGIN", values: [], kept: given === undefined }
  if (snapshot !== undefined) return [first, importing(snapshot), ...rest(wire, context)]
  if (context.settings.length === 0 && !context.identified) return [first]
  const second = contextStatement(context)
  return context.identified && wire.incarnation === undefined ? [first, second, incarnation] : [first, second]
}

/** It takes no parameter, and comes before any query, also one of settings (manual, SET TRANSACTION). */
const importing = (snapshot: string): Statement => ({
  text: `SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`,
  values: [],
  kept: false
})

const rest = (wire: Wire, context: BeginWith): ReadonlyArray<Statement> => beginning(wire, undefined, context).slice(1)

/** What can be asked about the transaction of a lease whose connection is gone; null for one that cannot have written. */
export const lostTransaction = ({ opening, wire }: Lease): Lost | null | undefined => {
  const transactionId = opening?.identity
  if (transactionId === null || transactionId === undefined) return transactionId
  const { processId } = wire.connection
  return wire.incarnation === undefined ? undefined : { transactionId, incarnation: wire.incarnation, processId }
}
