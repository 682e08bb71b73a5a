/** What the options of a migrator may be, where no compiler has looked at them. */
import * as Rule from "../../config/internal/rules.ts"
import type { LintOptions } from "../LintOptions.ts"
import type { MigrationHooks } from "../MigrationHooks.ts"
import type { MigrationPolicies } from "../MigrationPolicies.ts"
import type { SeedSource } from "../MigrationSource.ts"

/** What is in a source is for the migrator to say. */
export const source: Rule.Problem = (value) => {
  if (!Rule.isRecord(value)) return Rule.kindOf(value)
  const hasMigrations = Rule.textOrUrl(value.directory) === undefined || Array.isArray(value.migrations)
  return Rule.isText(value.namespace) && hasMigrations
    ? undefined
    : "an object without a namespace, or without a directory or migrations"
}

const policy = (...answers: ReadonlyArray<unknown>): Rule.Problem =>
  Rule.optional((value) => {
    if (answers.includes(value)) return undefined
    return Rule.isText(value) ? "a string that is no policy" : Rule.kindOf(value)
  })

const anyPolicy = policy("fail", "warn", "allow")

export const policies: Rule.Rule = {
  accepted: `policies such as { newer: "allow" }, each fail, warn or allow, and edited only fail or warn`,
  problem: Rule.record({
    late: anyPolicy,
    edited: policy("fail", "warn"),
    renamed: anyPolicy,
    missing: anyPolicy,
    newer: anyPolicy
  } satisfies Record<keyof MigrationPolicies, Rule.Problem>)
}

const call = Rule.optional(Rule.callable)

export const hooks: Rule.Rule = {
  accepted: "hooks such as { afterAll: () => sql`...` }, each a function that returns an Effect",
  problem: Rule.record({ beforeAll: call, beforeEach: call, afterEach: call, afterAll: call } satisfies Record<
    keyof MigrationHooks,
    Rule.Problem
  >)
}

export const lint: Rule.Rule = {
  accepted: `options of lint such as { off: ["no-varchar"] }`,
  problem: Rule.record({ off: Rule.optional(Rule.listOf(Rule.text)) } satisfies Record<keyof LintOptions, Rule.Problem>)
}

export const seeds: Rule.Rule = {
  accepted: `seeds such as { directory: "./seeds", environment: "development" }`,
  problem: Rule.record({
    directory: Rule.textOrUrl,
    environment: Rule.optional(Rule.text)
  } satisfies Record<keyof SeedSource, Rule.Problem>)
}
