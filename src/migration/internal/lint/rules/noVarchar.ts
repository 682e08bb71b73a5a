import type { TypeName } from "libpg-query"
import { spell } from "../names.ts"
import { type TypedColumn, typeRule } from "../columns.ts"

export const noVarchar = typeRule(
  {
    name: "no-varchar",
    reason:
      "A length that is part of the type is made shorter only by writing the whole table anew under an ACCESS EXCLUSIVE lock, and shows in every view and function; a CHECK is changed without either."
  },
  (type, typed, typeName) => {
    const length = type === "character varying" ? lengthOf(typeName) : undefined
    if (length === undefined) return undefined
    return {
      message: `${spell(typed.column.colname)} has its greatest length in its type`,
      type: "text",
      note: checkOf(typed, length)
    }
  }
)

const lengthOf = ({ arrayBounds = [], typmods: [size] = [] }: TypeName): number | "of each" | undefined => {
  if (size === undefined || !("A_Const" in size)) return undefined
  return arrayBounds.length > 0 ? "of each" : size.A_Const.ival?.ival
}

const checkOf = ({ column, how }: TypedColumn, length: number | "of each"): string => {
  if (length === "of each") return ""
  const check = `CHECK (length(${spell(column.colname)}) <= ${length})`
  // Of a column that is added to a table in use it would be checked at once, row by row.
  return how === "created" ? ` ${check}` : ""
}
