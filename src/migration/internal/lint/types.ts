/**
 * Types of columns, and which changes of one leave the rows as they are. Those are
 * few, and PostgreSQL decides them by functions of the types themselves
 * (`varchar_support`, `numeric_support`, `timestamp_support` ...), which a test
 * asks about each row of this table.
 */
import type { TypeName } from "libpg-query"
import { officialNames } from "../../../catalog/typeNames.ts"
import { partsOf } from "./names.ts"

export interface ColumnType {
  /** As `format_type` calls it, without what is in parentheses: `timestamp without time zone`. */
  readonly name: string
  /** What is in parentheses. */
  readonly limits: ReadonlyArray<number>
  readonly array: boolean
}

export const typeOf = ({ arrayBounds, names, typmods = [] }: TypeName): ColumnType => {
  const parts = partsOf(names)
  const [first = "", ...rest] = parts[0] === "pg_catalog" ? parts.slice(1) : parts
  const limits = typmods.flatMap((limit) => ("A_Const" in limit ? [limit.A_Const.ival?.ival ?? 0] : []))
  const name = rest.length === 0 ? (officialNames[first] ?? first) : [first, ...rest].join(".")
  return { ...(name === "interval" ? ofInterval(limits) : { name, limits }), array: arrayBounds !== undefined }
}

/** Which fields it has stands before its precision; all of them are 32,767. */
const ofInterval = ([fields = 32_767, ...limits]: Limits): Pick<ColumnType, "name" | "limits"> => ({
  name: fields === 32_767 ? "interval" : `interval of ${fields}`,
  limits
})

/** What `format_type` has written. */
export const parseType = (text: string): ColumnType => {
  const array = text.endsWith("[]")
  const [, before = text, limits = "", behind = ""] =
    /^([^(]*)(?:\(([\d,-]+)\))?(.*)$/u.exec(array ? text.slice(0, -2) : text) ?? []
  return { name: `${before}${behind}`, limits: limits === "" ? [] : limits.split(",").map(Number), array }
}

/** Whether rows of the one are rows of the other, byte for byte, so that neither they nor their indexes are written anew. */
export const keepsRows = (from: ColumnType, to: ColumnType): boolean => {
  if (from.array !== to.array) return false
  if (from.name === to.name && isSame(from, to)) return true
  // The elements of arrays are converted, whatever they are.
  if (from.array) return false
  if (from.name === to.name) return widens[from.name]?.(from.limits, to.limits) ?? false
  return to.limits.length === 0 && compatible.has(`${from.name} > ${to.name}`)
}

const isSame = (from: ColumnType, to: ColumnType): boolean => from.limits.join() === to.limits.join()

const compatible = new Set(["character varying > text", "text > character varying", "cidr > inet"])

type Limits = ReadonlyArray<number>

const longer = ([from]: Limits, [to]: Limits): boolean => to === undefined || (from !== undefined && to >= from)

/** Fractions of a second, of which there are six without a limit. */
const finer = ([from = 6]: Limits, [to = 6]: Limits): boolean => to >= from

const larger = (from: Limits, to: Limits): boolean => {
  const [[precision, scale = 0], [wanted, wantedScale = 0]] = [from, to]
  return wanted === undefined || (precision !== undefined && wanted >= precision && wantedScale === scale)
}

const widens: Readonly<Record<string, (from: Limits, to: Limits) => boolean>> = {
  "bit varying": longer,
  "character varying": longer,
  interval: finer,
  numeric: larger,
  "time with time zone": finer,
  "time without time zone": finer,
  "timestamp with time zone": finer,
  "timestamp without time zone": finer
}
