/** Types by the shorter of the names that PostgreSQL knows them by (manual, "Data Types", table 8.1). */

import { quoteIdentifier } from "../../../error/internal/quote.ts"

const names: ReadonlyArray<readonly [RegExp, string]> = [
  [/^timestamp(\(\d\))? with time zone/, "timestamptz$1"],
  [/^timestamp(\(\d\))? without time zone/, "timestamp$1"],
  [/^time(\(\d\))? with time zone/, "timetz$1"],
  [/^time(\(\d\))? without time zone/, "time$1"],
  [/^character varying/, "varchar"],
  [/^character(?=\(|\[|$)/, "char"],
  [/^bit varying/, "varbit"],
  [/^double precision/, "float8"]
]

/** As the table's reader would write it: a type of the table's own schema needs no schema. */
export const shortType = (type: string, schema: string): string => {
  const short = names.find(([long]) => long.test(type))
  if (short !== undefined) return type.replace(...short)
  const own = [schema, quoteIdentifier(schema)].find((written) => type.startsWith(`${written}.`))
  return own === undefined ? type : type.slice(own.length + 1)
}
