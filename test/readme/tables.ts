/** What the README's tables say, as the code has it. */
import * as SqlError from "effect/sql/SqlError"
import { settings } from "../../src/config/internal/settings.ts"
import { bare } from "../error/samples.ts"

/** Variable, option, default, what it is. */
export const settingRows: ReadonlyArray<ReadonlyArray<string>> = Object.entries(settings).map(([option, setting]) => [
  `\`${setting.variable}\``,
  `\`${option}\``,
  setting.shown,
  setting.describes
])

/** Code, reason, category, whether it is transient, what may be run again. */
export const reasonRows: ReadonlyArray<ReadonlyArray<string>> = bare
  .map(({ _tag, category, code, retryScope, transient }) => [
    code,
    `\`${_tag}\``,
    _tag === "ServerError" ? "of its SQLSTATE" : category.replace("_", " "),
    transient ? "yes" : "no",
    retryScope === "never" ? "nothing" : retryScope.replace("_", " ")
  ])
  .toSorted(([left = ""], [right = ""]) => left.localeCompare(right))

export const driverReasons = SqlError.SqlErrorReason.members.length
