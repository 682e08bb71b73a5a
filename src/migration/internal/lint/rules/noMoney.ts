import { spell } from "../names.ts"
import { typeRule } from "../columns.ts"

export const noMoney = typeRule(
  {
    name: "no-money",
    reason:
      "money is written, read and rounded as lc_monetary says, which differs from server to server, and has no currency."
  },
  (type, { column }) =>
    type === "money"
      ? { message: `${spell(column.colname)} depends on the server's lc_monetary`, type: "numeric(19, 4)" }
      : undefined
)
