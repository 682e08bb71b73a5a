/** Names of column types: whether what somebody has written is what `format_type` writes. */

import { officialNames } from "../../catalog/typeNames.ts"

/** What somebody writes, and the server stores as something else. */
const aliases: Readonly<Record<string, string>> = {
  ...officialNames,
  char: "character",
  float: "double precision",
  bigserial: "bigint",
  serial: "integer",
  smallserial: "smallint",
  serial2: "smallint",
  serial4: "integer",
  serial8: "bigint"
}

interface ColumnType {
  readonly name: string
  /** What stands in the parentheses. */
  readonly modifier: string | undefined
  readonly dimensions: string
}

/** The modifier stands within the name: `timestamp(3) with time zone`. */
const parse = (text: string): ColumnType => {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .replace(/^pg_catalog\./u, "")
  const dimensions = /(\[\])+$/u.exec(plain)?.[0] ?? ""
  const scalar = plain.slice(0, plain.length - dimensions.length)
  const modifier = /\(([^)]*)\)/u.exec(scalar)?.[1]?.replace(/\s/gu, "")
  const bare = scalar
    .replace(/\([^)]*\)/u, "")
    .replace(/\s+/gu, " ")
    .trim()
  return { name: aliases[bare] ?? bare, modifier, dimensions }
}

/** The name of a type without its modifier; that of an array has its dimensions. */
export const baseName = (text: string): string => {
  const { dimensions, name } = parse(text)
  return `${name}${dimensions}`
}

/** Without its schema, where the other has none. */
const named = (name: string, like: string): string => (like.includes(".") ? name : name.slice(name.indexOf(".") + 1))

/** `varchar` accepts `character varying(20)`, and `varchar(30)` does not. */
export const accepts = (wanted: string, found: string): boolean => {
  const [one, other] = [parse(wanted), parse(found)]
  return (
    named(other.name, one.name) === one.name &&
    one.dimensions === other.dimensions &&
    (one.modifier === undefined || one.modifier === other.modifier)
  )
}
