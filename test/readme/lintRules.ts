/** What the README's tables of lint say: the rules as the code has them, and what other linters call them. */
import { own } from "../../src/migration/internal/lint/engine.ts"
import { rules } from "../../src/migration/internal/lint/rules.ts"
import { bareName, theirs } from "../migration/lint/theirs.ts"

const alsoCalled = (rule: string): string => {
  const names = theirs.flatMap(({ name, of, ours }) => (ours === rule ? [`${of}: ${bareName(name)}`] : []))
  return [...new Set(names)].join(", ")
}

/** Rule, why, what other linters call it. */
export const ruleRows: ReadonlyArray<ReadonlyArray<string>> = [...Object.values(own), ...rules].map(
  ({ name, reason }) => [`\`${name}\``, reason, alsoCalled(name)]
)

/** Rule of theirs, why there is none here. */
export const leftOutRows: ReadonlyArray<ReadonlyArray<string>> = theirs.flatMap(({ name, of, ours }) =>
  typeof ours === "string" ? [] : [[`${of}: ${name}`, ours.none]]
)
