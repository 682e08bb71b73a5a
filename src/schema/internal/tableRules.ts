/** What the options of a start may be, where no type has been checked. */
import * as Effect from "effect/Effect"
import { refuseWrong } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import type { Rules } from "../../config/internal/rules.ts"
import { transformRules } from "../../connection/internal/transforms.ts"
import type { CriticalColumn, CriticalTable } from "../CriticalTable.ts"
import { InvalidOption, SchemaError } from "../SchemaError.ts"
import type { SchemaOptions } from "../SchemaOptions.ts"
import type { VerifierOptions, VerifyOptions } from "../VerifyOptions.ts"
import type { DeclaredTable } from "./declared.ts"
import { ignorableProblem } from "./ignoring.ts"
import type { TableInitializerOptions } from "./startOptions.ts"

type Fields<A> = Record<keyof A, Rule.Problem>

const column: Rule.Problem = (value) =>
  Rule.isText(value)
    ? undefined
    : Rule.record({
        name: Rule.text,
        type: Rule.optional(Rule.text),
        nullable: Rule.optional(Rule.flag)
      } satisfies Fields<CriticalColumn>)(value)

/** A class is a function, and a struct an object; both know their fields. */
const model: Rule.Problem = (value) => {
  const isSchema = (typeof value === "function" || typeof value === "object") && value !== null && "fields" in value
  return isSchema && Rule.isRecord(value.fields) ? undefined : `${Rule.kindOf(value)} without fields`
}

const oneOf = (...accepted: ReadonlyArray<unknown>): Rule.Problem =>
  Rule.optional((value) => {
    if (accepted.includes(value)) return undefined
    return Rule.isText(value) ? `a string that is none of ${accepted.join(", ")}` : Rule.kindOf(value)
  })

const ignorable: Rule.Problem = (value) => {
  if (!Rule.isText(value)) return Rule.kindOf(value)
  const problem = ignorableProblem(String(value))
  return problem === undefined ? undefined : `a string that is ${problem}`
}

/** What is in it is for the comparison to say. */
const snapshot: Rule.Problem = (value) =>
  Rule.isRecord(value) && Array.isArray(value.objects) ? undefined : Rule.kindOf(value)

const snapshotOrFile: Rule.Problem = (value) =>
  value === false || Rule.textOrUrl(value) === undefined ? undefined : snapshot(value)

/** What both a start and a verifier do about differences. */
const comparison = { drift: oneOf("fail", "warn"), ignore: Rule.optional(Rule.listOf(ignorable)) }

export const tableRules = {
  critical: {
    accepted: `tables such as [{ table: "customer", columns: ["id"] }]`,
    problem: Rule.listOf(
      Rule.record({
        table: Rule.text,
        columns: Rule.optional(Rule.listOf(column)),
        model: Rule.optional(model)
      } satisfies Fields<CriticalTable>)
    )
  },
  tables: {
    accepted: `tables such as [{ table: "scratch", ddl: "CREATE TABLE scratch (id int)" }]`,
    problem: Rule.listOf(Rule.record({ table: Rule.text, ddl: Rule.text } satisfies Fields<DeclaredTable>))
  },
  schema: {
    accepted: `an object such as { drift: "warn", ignore: ["table audit.*", "owners"] }`,
    problem: Rule.record({
      ...comparison,
      snapshot: Rule.optional(snapshotOrFile),
      additions: oneOf("refuse", "newer", "allow"),
      pending: oneOf("fail", "warn", "allow")
    } satisfies Fields<SchemaOptions>)
  }
} satisfies Record<string, Rule.Rule>

const verifyRule: Rule.Rule = {
  accepted: `an object such as { snapshot, critical: [{ table: "customer", columns: ["id"] }] }`,
  problem: Rule.record({
    ...comparison,
    snapshot: Rule.optional(snapshot),
    // Told apart from the rest, as an option by itself.
    critical: () => undefined,
    additions: oneOf("refuse", "allow")
  } satisfies Fields<VerifyOptions>)
}

const check = (option: string, { accepted, problem }: Rule.Rule, given: unknown): Effect.Effect<void, SchemaError> =>
  Effect.suspend(() => {
    const found = problem(given)
    if (found === undefined) return Effect.void
    return Effect.fail(new SchemaError({ reason: new InvalidOption({ option, problem: `is ${found}`, accepted }) }))
  })

const { transformQueryNames } = transformRules

const initializerRules: Rules<TableInitializerOptions> = { ...tableRules, transformQueryNames }

const verifierRules: Rules<VerifierOptions> = { transformQueryNames }

const checkAll = <Options>(options: unknown, taken: Taken<Options>): Effect.Effect<void, SchemaError> =>
  refuseWrong(
    options,
    taken,
    (wrong) => new SchemaError({ reason: new InvalidOption({ ...wrong, option: wrong.option ?? "the options" }) })
  )

/** Refuses what `MainLive` has refused already, where a service is used without it. */
export const checkInitializerOptions = (options: TableInitializerOptions): Effect.Effect<void, SchemaError> =>
  checkAll(options, {
    of: "TableInitializer.layer",
    rules: initializerRules,
    example: `{ critical: [{ table: "customer" }] }`
  })

export const checkVerifierOptions = (options: VerifierOptions): Effect.Effect<void, SchemaError> =>
  checkAll(options, {
    of: "SchemaVerifier.layerWith",
    rules: verifierRules,
    example: "{ transformQueryNames }"
  })

export const checkCritical = (critical: unknown): Effect.Effect<void, SchemaError> =>
  critical === undefined ? Effect.void : check("critical", tableRules.critical, critical)

export const checkVerifyOptions = (options: unknown): Effect.Effect<void, SchemaError> =>
  check("options", verifyRule, options)
