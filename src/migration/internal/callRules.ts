/** The options of each public call of this context: one table for each, and what is wrong with what was given. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { type ConfigProblem, InvalidVariable } from "../../config/DatabaseConfigError.ts"
import { checkOptions } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import { MigrationError } from "../MigrationError.ts"
import { InvalidOptions } from "../MigrationErrorReason.ts"
import type { AdoptOptions } from "./adopt.ts"
import type { ForeignTool } from "./adopt/adopter.ts"
import type { BaselineTarget } from "./baseline.ts"
import type { DownTarget } from "./downTarget.ts"
import type { LintTarget } from "./lint/migrations.ts"
import type { PlanTarget } from "./plan.ts"
import type { RedoTarget } from "./redo.ts"
import type { RepairOptions } from "./repair.ts"
import type { ShadowOptions } from "./shadow.ts"
import type { UpTarget } from "./upTarget.ts"

type KeysOf<Options> = Options extends unknown ? keyof Options : never

/** A rule for every option there is, also where they are a union. */
type RulesOf<Options> = { readonly [Name in KeysOf<Options>]: Rule.Rule }

const namespace: Rule.Rule = { accepted: "the namespace of a source, as text", problem: Rule.text }
const id: Rule.Rule = { accepted: "the id of a migration, as text", problem: Rule.text }
const steps: Rule.Rule = { accepted: "a whole number", problem: Rule.number }

const up: RulesOf<UpTarget> = { to: id, namespace }

const down: RulesOf<DownTarget> = {
  steps,
  to: id,
  all: { accepted: "true, or leave it out", problem: (value) => (value === true ? undefined : Rule.kindOf(value)) },
  namespace
}

const redo: RulesOf<RedoTarget> = { steps, namespace }

const lint: RulesOf<LintTarget> = { which: Rule.oneOf(["pending", "all"], "a string that is neither"), namespace }

const shadow: RulesOf<ShadowOptions> = {
  url: { ...Rule.secret("url"), isRequired: true },
  template: { accepted: "the name of a database, as text", problem: Rule.text }
}

const baseline: RulesOf<BaselineTarget> = { to: { ...id, isRequired: true }, namespace, dryRun: Rule.anyFlag }

const tools: ReadonlyArray<ForeignTool> = ["effect", "drizzle", "prisma", "node-pg-migrate", "flyway", "golang-migrate"]

const adopt: RulesOf<AdoptOptions> = {
  from: Rule.oneOf(tools, "a string that is no tool which is known"),
  table: { accepted: "the name of a table, as text", problem: Rule.text },
  namespace,
  dryRun: Rule.anyFlag
}

const repair: RulesOf<RepairOptions> = {
  namespace,
  id,
  halfDone: Rule.oneOf(["startOver", "done"], "a string that is neither"),
  forgetMissing: Rule.anyFlag,
  dryRun: Rule.anyFlag
}

/** The options, without those that are `undefined`. */
export const checked = <Options extends object>(
  call: string,
  rules: Readonly<Record<string, Rule.Rule>>,
  example: string,
  given: Options,
  /** What is wrong with them together, where each by itself is right. */
  together: (options: Readonly<Record<string, unknown>>) => ConfigProblem | undefined = () => undefined
): Effect.Effect<Options, MigrationError> =>
  Effect.suspend(() => {
    const record = given as Readonly<Record<string, unknown>>
    const { options, problems } = checkOptions(record, rules, example)
    const defined = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    const all = problems.length > 0 ? problems : [together(defined)].filter((problem) => problem !== undefined)
    return Arr.isReadonlyArrayNonEmpty(all)
      ? Effect.fail(new MigrationError({ reason: new InvalidOptions({ call, problems: [...all] }) }))
      : Effect.succeed(defined as Options)
  })

const downExample = `{ steps: 1 }, { to: "0003" } or { all: true }`

/** `down` reverts nothing by default: it has to be said how far. */
const howFar = (options: Readonly<Record<string, unknown>>): ConfigProblem | undefined => {
  const given = ["steps", "to", "all"].filter((name) => name in options)
  if (given.length === 1) return undefined
  const problem = given.length === 0 ? "has none of steps, to and all" : `has ${given.join(" and ")}`
  return new InvalidVariable({ variable: "what was given for the options", problem, accepted: `one of ${downExample}` })
}

const direction = Rule.oneOf(["up", "down", "redo"], "a string that is no direction")

/** What was planned may be done by the same target. */
const only = (planned: "up" | "down" | "redo") => ({ direction: Rule.oneOf([planned], "another direction") })

const plan = (given: PlanTarget): Effect.Effect<PlanTarget, MigrationError> => {
  const call = "Migrator.plan"
  const example = `{ direction: "down", steps: 1 }`
  const named: unknown = Rule.isRecord(given) ? given["direction"] : undefined
  if (named === "redo") return checked(call, { ...redo, direction }, example, given)
  return named === "down"
    ? checked(call, { ...down, direction }, example, given, howFar)
    : checked(call, { ...up, direction }, example, given)
}

/** Each gives back what it was given, or fails with all that is wrong with it. */
export const check = {
  up: (given: UpTarget) => checked("Migrator.up", { ...up, ...only("up") }, `{ to: "0003" }`, given),
  down: (given: DownTarget) => checked("Migrator.down", { ...down, ...only("down") }, downExample, given, howFar),
  redo: (given: RedoTarget) => checked("Migrator.redo", { ...redo, ...only("redo") }, "{ steps: 1 }", given),
  plan,
  lint: (given: LintTarget) => checked("Migrator.lint", lint, `{ which: "all" }`, given),
  shadow: (given: ShadowOptions) => checked("Migrator.shadow", shadow, "{ url: Redacted.make(url) }", given),
  baseline: (given: BaselineTarget) => checked("Migrator.baseline", baseline, `{ to: "0003" }`, given),
  adopt: (given: AdoptOptions) => checked("Migrator.adopt", adopt, `{ from: "flyway" }`, given),
  repair: (given: RepairOptions) => checked("Migrator.repair", repair, `{ id: "0003" }`, given)
}
