/**
 * Values as the texts that PostgreSQL's types read (manual, chapter 8), for COPY and
 * for arrays of parameters, which take whole columns at once.
 */
import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { finalError } from "../../connection/internal/failure.ts"
import { InvalidParameter } from "../../error/Reason.ts"
import type { Column, Shape } from "./columns.ts"

export type Row = Readonly<Record<string, unknown>>

/** The reason why a value has no text. */
class NoText extends Error {}

/** The values of a row in the order of the columns, each as its text; null for NULL. */
const textsOf = (columns: ReadonlyArray<Column>, row: Row): ReadonlyArray<string | null> =>
  columns.map(({ name, shape }) => textOf(row[name], shape))

/** The same for many; a value that has no text fails, and says where it is. `from` counts the rows before. */
export const encodeRows = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<Row>,
  from: number
): Effect.Effect<ReadonlyArray<ReadonlyArray<string | null>>, SqlError> =>
  Effect.suspend(() => {
    let at = from
    return Effect.try({
      try: () =>
        rows.map((row) => {
          at++
          refuseUnknown(columns, row)
          return textsOf(columns, row)
        }),
      catch: (cause) => {
        const failure = `row ${at}: ${cause instanceof Error ? cause.message : String(cause)}`
        return finalError(new InvalidParameter({ failure }), "query")
      }
    })
  })

/** A column that only later rows have would be dropped in silence. */
const refuseUnknown = (columns: ReadonlyArray<Column>, row: Row): void => {
  let known = 0
  for (const { name } of columns) if (name in row) known++
  const names = Object.keys(row)
  if (names.length === known) return
  const unknown = names.find((name) => !columns.some((column) => column.name === name))
  if (unknown !== undefined) throw new NoText(`"${unknown}" is not among the columns, which the first row names`)
}

const textOf = (value: unknown, shape: Shape): string | null => {
  if (value === null || value === undefined) return null
  switch (shape) {
    case "json":
      return checked(JSON.stringify(value))
    case "plain":
      return plainText(value)
    default:
      return Array.isArray(value) ? arrayText(value, shape === "array" ? "plain" : "json") : plainText(value)
  }
}

const plainText = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return checked(value)
    case "number":
    case "bigint":
    case "boolean":
      return String(value)
  }
  if (value instanceof Date) return dateText(value)
  if (value instanceof Uint8Array) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`
  }
  if (typeof value === "object") throw new NoText("an object is only written to a column of json or jsonb")
  throw new NoText(`a ${typeof value} has no text in SQL`)
}

/** `{1,NULL,"a \"b\""}`: manual, 8.15.2. An element of JSON stays JSON, also where it is an array. */
export const arrayText = (values: ReadonlyArray<unknown>, shape: "plain" | "json"): string => {
  const elements = values.map((value) => {
    if (shape === "plain" && Array.isArray(value)) return arrayText(value, shape)
    return element(textOf(value, shape))
  })
  return `{${elements.join(",")}}`
}

/** An element of an array by its text. */
export const element = (text: string | null): string =>
  text === null ? "NULL" : simple.test(text) ? text : `"${text.replace(/["\\]/gu, "\\$&")}"`

/** What needs no quotes; NULL in capitals or small letters would be one, so no letters. */
const simple = /^[0-9.:+-]+$/u

/** PostgreSQL's own way for what the four digits of ISO 8601 cannot hold. */
const dateText = (date: Date): string => {
  if (Number.isNaN(date.getTime())) throw new NoText("an invalid Date")
  const iso = date.toISOString()
  const year = date.getUTCFullYear()
  if (year >= 1 && year <= 9999) return iso
  const rest = iso.slice(iso.indexOf("-", 1))
  return year > 9999 ? `${year}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`
}

const checked = (text: string | undefined): string => {
  if (text === undefined) throw new NoText("a value that JSON cannot hold")
  if (text.includes("\0")) throw new NoText("a NUL character, which PostgreSQL text cannot hold")
  return text
}

const special = /[\\\b\f\n\r\t\v]/u
const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v"
}

const escaped = (text: string): string =>
  special.test(text) ? text.replace(/[\\\b\f\n\r\t\v]/gu, (found) => escapes[found] ?? found) : text

/** A line of COPY's text format (manual, COPY, "Text Format"). */
export const copyLine = (texts: ReadonlyArray<string | null>): string =>
  `${texts.map((text) => (text === null ? "\\N" : escaped(text))).join("\t")}\n`
