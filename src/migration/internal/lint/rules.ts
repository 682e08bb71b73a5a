/** The rules, in the order in which the README shows them. */
import { compatibilityRules } from "./compatibilityRules.ts"
import { habitRules } from "./habitRules.ts"
import type { Rule } from "./rule.ts"
import { concurrentIndex } from "./rules/concurrentIndex.ts"
import { setNotNull } from "./rules/setNotNull.ts"

export const rules: ReadonlyArray<Rule> = [concurrentIndex, setNotNull, ...compatibilityRules, ...habitRules]
