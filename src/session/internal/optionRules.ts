/** What the options of rows and locks may be. */
import * as Rule from "../../config/internal/rules.ts"

/** None at all would be fetched for ever. */
export const rowCount: Rule.Rule = {
  accepted: "a whole number of rows, 1 or more",
  problem: (value) => {
    if (typeof value !== "number") return Rule.kindOf(value)
    return Number.isSafeInteger(value) && value > 0 ? undefined : String(value)
  }
}
