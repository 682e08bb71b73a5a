/**
 * Statements that pgkeel sends by itself, ahead of an application's, as messages of
 * the extended query protocol (manual, 53.2.3).
 */
import { Buffer } from "node:buffer"
import * as Hash from "effect/Hash"
import * as Result from "effect/Result"
import * as PgProtocol from "@effect/sql-pg/PgProtocol"

/** A statement that takes texts and returns at most one row, of which only the last column is read, as a text. */
export interface Statement {
  readonly text: string
  readonly values: ReadonlyArray<string>
  /** Whether the server keeps it under a name: only for a text that is one of a few. */
  readonly kept: boolean
  /** Whether the server says at once that it is done, and not only at the Sync. Default: false. */
  readonly flush?: boolean
  /** What that column tells, for whoever keeps it. */
  readonly tells?: "transactionId" | "incarnation"
}

/** The last column of a statement's row; `undefined` for NULL and for a statement without a row. */
export type Answer = string | undefined

const textOid = 25

const execute = PgProtocol.encodeExecute({ portal: "", maxRows: 0 })

export const flush = PgProtocol.encodeFlush()

const encodeBind = PgProtocol.makeBindEncoder<string>((sink, value) => Result.succeed(sink.utf8(value)))

/** Neither can fail: a text without NUL, and as many parameters as there are settings. */
const parse = (name: string, { text, values }: Statement): Uint8Array =>
  Result.getOrThrow(PgProtocol.encodeParse({ name, query: text, parameterTypes: values.map(() => textOid) }))

const bind = (name: string, { values }: Statement): Uint8Array =>
  Result.getOrThrow(encodeBind({ portal: "", statement: name, parameters: values }))

const names = new Map<string, string>()

/**
 * The name of a text that is kept, made of the text: behind a pooler, a server's
 * session is shared with other processes, whose statements have names too.
 */
const nameOf = (text: string): string => {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `pgkeel_${text.length}_${(Hash.string(text) >>> 0).toString(16)}`
  names.set(text, name)
  return name
}

/** Bind and Execute of a kept statement without values: the same bytes each time. */
const unvarying = new Map<string, Uint8Array>()

const again = (name: string, statement: Statement): Uint8Array => {
  const known = unvarying.get(name)
  if (known !== undefined) return known
  const bytes = Buffer.concat([bind(name, statement), execute])
  unvarying.set(name, bytes)
  return bytes
}

/**
 * Adds the messages of a statement to `messages`, for a connection that keeps those
 * in `kept`, or keeps none. A name may be left from an attempt that failed behind
 * its Parse, so it is closed before it is given; closing one that is not there is
 * no error.
 */
export const encodeInto = (
  messages: Array<Uint8Array>,
  statement: Statement,
  kept: ReadonlySet<string> | undefined
): void => {
  if (kept === undefined || !statement.kept) {
    messages.push(parse("", statement), bind("", statement), execute)
    return
  }
  const name = nameOf(statement.text)
  if (!kept.has(statement.text)) {
    messages.push(PgProtocol.encodeClose({ target: "statement", name }), parse(name, statement))
  } else if (statement.values.length === 0) {
    messages.push(again(name, statement))
    return
  }
  messages.push(bind(name, statement), execute)
}
