/** What the options of a start may be, where no type has been checked. */
import * as Effect from "effect/Effect"
import * as Rule from "../../config/internal/rules.ts"
import type { CriticalColumn, CriticalTable } from "../CriticalTable.ts"
import { InvalidOption, SchemaError } from "../SchemaError.ts"
import type { SchemaOptions } from "../SchemaOptions.ts"
import type { DeclaredTable } from "./declared.ts"
import { isIgnorable } from "./ignoring.ts"

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
  return isIgnorable(String(value)) ? undefined : "a string that is neither a kind with a name nor a class"
}

/** What is in it is for the comparison to say. */
const snapshot: Rule.Problem = (value) =>
  value === false || Rule.textOrUrl(value) === undefined || (Rule.isRecord(value) && Array.isArray(value.objects))
    ? undefined
    : Rule.kindOf(value)

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
      snapshot: Rule.optional(snapshot),
      drift: oneOf("fail", "warn"),
      ignore: Rule.optional(Rule.listOf(ignorable)),
      additions: oneOf("refuse", "newer", "allow"),
      pending: oneOf("fail", "warn", "allow")
    } satisfies Fields<SchemaOptions>)
  }
} satisfies Record<string, Rule.Rule>

type Given = { readonly [Name in keyof typeof tableRules]?: unknown }

/** Refuses what `MainLive` has refused already, where a service is used without it. */
export const checkOptions = (given: Given): Effect.Effect<void, SchemaError> =>
  Effect.suspend(() => {
    for (const option of ["critical", "tables", "schema"] as const) {
      const { accepted, problem } = tableRules[option]
      const found = given[option] === undefined ? undefined : problem(given[option])
      if (found !== undefined) {
        const reason = new InvalidOption({ option, problem: `is ${found}`, accepted })
        return Effect.fail(new SchemaError({ reason }))
      }
    }
    return Effect.void
  })
