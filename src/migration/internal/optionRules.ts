/** What the options of a migrator may be, where no compiler has looked at them. */
import * as Effect from "effect/Effect"
import * as Rule from "../../config/internal/rules.ts"
import type { LintOptions } from "../LintOptions.ts"
import type { MigrationHooks } from "../MigrationHooks.ts"
import type { MigrationPolicies } from "../MigrationPolicies.ts"
import type { CodeMigration, SeedSource } from "../MigrationSource.ts"

const effect: Rule.Problem = (value) => (Effect.isEffect(value) ? undefined : `${Rule.kindOf(value)}, and no Effect`)

const codeMigration = Rule.record({
  id: Rule.text,
  name: Rule.text,
  up: effect,
  down: Rule.optional(effect),
  verify: Rule.optional(effect),
  transaction: Rule.optional(Rule.flag)
} satisfies Record<keyof CodeMigration, Rule.Problem>)

/** What is in a directory is for the migrator to say. */
export const source: Rule.Problem = (value) => {
  if (!Rule.isRecord(value)) return Rule.kindOf(value)
  const hasMigrations = Rule.textOrUrl(value.directory) === undefined || Array.isArray(value.migrations)
  if (!Rule.isText(value.namespace) || !hasMigrations) {
    return "an object without a namespace, or without a directory or migrations"
  }
  const problem = Rule.optional(Rule.listOf(codeMigration))(value.migrations)
  return problem === undefined ? undefined : `an object whose "migrations" is ${problem}`
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

export const progress: Rule.Rule = {
  accepted: "a function from an event to an Effect",
  problem: Rule.callable
}

/** What is not whole is rounded. */
export const numberFrom = (least: number, accepted: string): Rule.Rule => ({
  accepted,
  problem: (value) =>
    typeof value !== "number" ? Rule.kindOf(value) : value >= least ? undefined : `no number from ${least} on`
})

/** Of a migrator, whoever makes it. */
export const migratorRules = {
  sources: {
    accepted: `sources such as [{ namespace: "app", directory: "./migrations" }]`,
    problem: Rule.listOf(source)
  },
  role: { accepted: "the name of a role, as text", problem: Rule.text },
  searchPath: { accepted: "an array of schemas, as text each", problem: Rule.listOf(Rule.text) },
  lockTimeout: Rule.anyDuration,
  lockAttempts: numberFrom(1, "a whole number above 0"),
  lockBackoff: Rule.anyDuration,
  statementTimeout: Rule.anyDuration,
  lockPatience: Rule.anyDuration,
  policies,
  lint,
  seeds,
  hooks
} satisfies Record<string, Rule.Rule>
