import { spell } from "../names.ts"
import { typeRule } from "../columns.ts"

export const noTimestamp = typeRule(
  {
    name: "no-timestamp",
    reason:
      "timestamp without time zone is a clock on a wall that nobody knows the place of: sessions with other time zones write and read other instants with it."
  },
  (type, { column }) =>
    type === "timestamp without time zone"
      ? {
          message: `${spell(column.colname)} does not say which instant it means`,
          type: (spelling) => `timestamptz${/\(\s*\d+\s*\)/u.exec(spelling)?.[0] ?? ""}`
        }
      : undefined
)
