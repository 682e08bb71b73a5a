/** The rules, in the order in which the README shows them. */
import { compatibilityRules } from "./compatibilityRules.ts"
import { habitRules } from "./habitRules.ts"
import { lockRules } from "./lockRules.ts"
import type { Rule } from "./rule.ts"

export const rules: ReadonlyArray<Rule> = [...lockRules, ...compatibilityRules, ...habitRules]

export const ruleNames: ReadonlyArray<string> = rules.map(({ name }) => name)
