import { spell } from "../names.ts"
import { typeRule } from "../columns.ts"

export const noTimetz = typeRule(
  {
    name: "no-timetz",
    reason:
      "time with time zone has an offset without a day, so that summer time cannot be told; PostgreSQL's manual advises against it."
  },
  (type, { column }) =>
    type === "time with time zone"
      ? { message: `${spell(column.colname)} has an offset and no day`, type: "timestamptz" }
      : undefined
)
