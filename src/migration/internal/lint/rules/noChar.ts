import { spell } from "../names.ts"
import { typeRule } from "../columns.ts"

export const noChar = typeRule(
  {
    name: "no-char",
    reason:
      "char(n) pads with spaces, which some operators ignore and others do not, takes more room than text and checks no less often."
  },
  (type, { column }) =>
    type === "character" ? { message: `${spell(column.colname)} is padded with spaces`, type: "text" } : undefined
)
