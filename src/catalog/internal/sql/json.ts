/**
 * SQL that writes canonical JSON: no blanks, keys in the order of `keyOrder`, what
 * is NULL left out.
 *
 * It is made of text and not of `jsonb`, which is several times slower for
 * thousands of tables. The client can write the same text again.
 */
import { byKey } from "../canonical.ts"

/** An SQL expression whose value is JSON as text, or NULL. */
export interface Json {
  readonly json: string
}

/** JSON as text already. */
export const json = (expression: string): Json => ({ json: expression })

export const text = (expression: string): Json =>
  json(`pg_catalog.to_json((${expression})::pg_catalog.text)::pg_catalog.text`)

export const integer = (expression: string): Json => json(`(${expression})::pg_catalog.text`)

/** Only true is written. */
export const flag = (condition: string): Json => json(`CASE WHEN ${condition} THEN 'true' END`)

/** An array of text; left out when it is NULL. */
export const names = (array: string): Json => json(`pg_catalog.to_json(${array})::pg_catalog.text`)

/** A single character of a catalogue as a word; NULL for others. */
export const word = (expression: string, words: Readonly<Record<string, string>>): Json => {
  const cases = Object.entries(words).map(([letter, meaning]) => `WHEN '${letter}' THEN '"${meaning}"'`)
  return json(`CASE ${expression} ${cases.join(" ")} END`)
}

export type Fields = Readonly<Record<string, Json>>

/** What stands between the braces of an object. */
export const entries = (fields: Fields): string => {
  const written = Object.entries(fields).toSorted(([a], [b]) => byKey(a, b))
  return `pg_catalog.concat_ws(',', ${written.map(([key, value]) => `'"${key}":' || ${value.json}`).join(", ")})`
}

export const object = (fields: Fields): string => `'{' || ${entries(fields)} || '}'`

/** An aggregate over rows. */
export const list = (element: string, order: string): string =>
  `'[' || pg_catalog.string_agg(${element}, ',' ORDER BY ${order}) || ']'`

/** What hangs on the same `owner` as one list; each is written before all are sorted once, which is cheaper than sorting for each owner. */
export const gathered = (owner: string, element: string, order: string, from: string): string => `
  SELECT v.owner, '[' || pg_catalog.string_agg(v.element, ',') || ']' AS list
  FROM (SELECT ${owner} AS owner, ${element} AS element FROM ${from} ORDER BY ${owner}, ${order}) v
  GROUP BY v.owner`

/** For what is never absent. */
export const orEmpty = (aggregate: string): Json => json(`coalesce(${aggregate}, '[]')`)
