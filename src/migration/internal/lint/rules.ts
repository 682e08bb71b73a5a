/** The rules, in the order in which the README shows them. */
import type { Rule } from "./rule.ts"
import { concurrentIndex } from "./rules/concurrentIndex.ts"
import { setNotNull } from "./rules/setNotNull.ts"

export const rules: ReadonlyArray<Rule> = [concurrentIndex, setNotNull]
