/** What critical and declared tables may be, where no type has been checked. */
import * as Effect from "effect/Effect"
import * as Rule from "../../config/internal/rules.ts"
import { InvalidTables, SchemaError } from "../SchemaError.ts"

export const tableRules = {
  critical: {
    accepted: `tables such as [{ table: "customer", columns: ["id"] }]`,
    problem: Rule.listOf(Rule.record({ table: Rule.text, columns: Rule.optional(Rule.listOf(Rule.text)) }))
  },
  tables: {
    accepted: `tables such as [{ table: "scratch", ddl: "CREATE TABLE scratch (id int)" }]`,
    problem: Rule.listOf(Rule.record({ table: Rule.text, ddl: Rule.text }))
  }
} satisfies Record<string, Rule.Rule>

/** Refuses what `MainLive` has refused already, where a service is used without it. */
export const checkTables = (option: keyof typeof tableRules, given: unknown): Effect.Effect<void, SchemaError> =>
  Effect.suspend(() => {
    const { accepted, problem } = tableRules[option]
    const found = given === undefined ? undefined : problem(given)
    return found === undefined
      ? Effect.void
      : Effect.fail(new SchemaError({ reason: new InvalidTables({ option, problem: `is ${found}`, accepted }) }))
  })
