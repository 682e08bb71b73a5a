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

/**
 * `set_config` with its third argument true is SET LOCAL with parameters (manual, 9.28.1). The names stand in the text,
 * which halves the parameters, and what the calls return is counted on the server, which leaves one column of them.
 */
const select = (names: ReadonlyArray<string>, identified: boolean): string => {
  const calls = names.map((name, at) => `pg_catalog.set_config(${quoteLiteral(name)}, $${at + 1}, true)`)
  const set = calls.length === 0 ? [] : [`pg_catalog.num_nulls(${calls.join(", ")})`]
  return `SELECT ${[...set, ...(identified ? [transactionId] : [])].join(", ")}`
}

/** By the names of the settings, which come in a few dozen combinations. */
const texts = {
  identified: new WeakMap<BeginWith["settings"], string>(),
  anonymous: new WeakMap<BeginWith["settings"], string>()
}

const textOf = ({ identified, settings }: BeginWith): string => {
  const known = texts[identified ? "identified" : "anonymous"]
  const text = known.get(settings)
  if (text !== undefined) return text
  const made = select(settings, identified)
  known.set(settings, made)
  return made
}

export const contextStatement = (context: BeginWith): Statement => {
  const { identified, values } = context
  const text = textOf(context)
  return identified ? { text, values, kept: true, tells: "transactionId" } : { text, values, kept: true }
}

const plainBegin: Statement = { text: "BEGIN", values: [], kept: true }

/** A statement that an application gives is not one of a fixed few, so it is not kept. */
export const beginning = (
  wire: Wire,
  given: string | undefined,
  context: BeginWith,
  snapshot?: string
): ReadonlyArray<Statement> => {
  const text = given ?? context.begin
  const first = text === undefined ? plainBegin : { text, values: [], kept: given === undefined }
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
