import { spell } from "../names.ts"
import { typeRule } from "../columns.ts"

export const noJson = typeRule(
  {
    name: "no-json",
    reason:
      "json has no equality: SELECT DISTINCT, GROUP BY and UNION over the table's rows fail once it has such a column. It is parsed anew by each use, and cannot be indexed."
  },
  (type, { column }) =>
    type === "json" ? { message: `${spell(column.colname)} cannot be compared`, type: "jsonb" } : undefined
)
