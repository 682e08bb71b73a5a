/** How a finding spells the names of a statement: quoted only where SQL wants it, as people write them. */
import type { Node, RangeVar } from "libpg-query"
import { quoteIdentifier } from "../../../error/internal/quote.ts"

/** A name of any number of parts. */
export const spell = (...parts: ReadonlyArray<string | undefined>): string =>
  parts.flatMap((part) => (part === undefined ? [] : [spellOne(part)])).join(".")

const spellOne = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/u.test(name) && !reserved.has(name) ? name : quoteIdentifier(name)

export const nameOf = (relation: RangeVar | undefined): string => spell(relation?.schemaname, relation?.relname ?? "")

/** A list of names, as in `(a, b)`. */
export const list = (names: ReadonlyArray<string>): string => names.map(spellOne).join(", ")

/** The parts of a name that the parser gives as nodes. */
export const partsOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<string> =>
  (nodes ?? []).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []))

/** Of what a DROP or a COMMENT names, which is a list, a string or a type. */
export const objectName = (node: Node | undefined): ReadonlyArray<string> => {
  if (node === undefined) return []
  if ("List" in node) return partsOf(node.List.items)
  if ("String" in node) return [node.String.sval ?? ""]
  if ("TypeName" in node) return partsOf(node.TypeName.names)
  if ("ObjectWithArgs" in node) return partsOf(node.ObjectWithArgs.objname)
  return []
}

/** A relation that a statement names by parts instead of by a node of its own. */
export const relationOf = (parts: ReadonlyArray<string>): RangeVar => {
  const [relname = "", schemaname] = parts.toReversed()
  return schemaname === undefined ? { relname } : { relname, schemaname }
}

/** A name for an object of a table, that is still a name when it is too long: PostgreSQL has 63 bytes. */
export const derived = (...parts: ReadonlyArray<string>): string => {
  const whole = parts.join("_")
  return whole.length <= 63
    ? whole
    : `${parts
        .slice(0, -1)
        .join("_")
        .slice(0, 62 - (parts.at(-1)?.length ?? 0))}_${parts.at(-1)}`
}

/** The words that cannot name a table or a column without quotes: PostgreSQL manual, appendix C. */
const reserved = new Set(
  (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation " +
    "column concurrently constraint create cross current_catalog current_date current_role current_schema " +
    "current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for " +
    "foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral " +
    "leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer " +
    "overlaps placing primary references returning right select session_user similar some symmetric system_user " +
    "table tablesample then to trailing true union unique user using variadic verbose when where window with"
  ).split(" ")
)
