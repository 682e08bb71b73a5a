/**
 * What an option in code may be, where no type has been checked: one rule each.
 * A rule says what came by its kind only, since anything may be a secret.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { didYouMean } from "./nearest.ts"

/** What is wrong with a value, in words that hold nothing of it; `undefined` when nothing is. */
export type Problem = (value: unknown) => string | undefined

export interface Rule {
  readonly accepted: string
  readonly problem: Problem
  /** Whether nothing can be done without it. Default: `false`. */
  readonly isRequired?: boolean
}

/** A rule for every option there is: one that is added without a rule does not compile. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule }

/** What a value is, as it may be shown. */
export const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return "an array"
  if (Redacted.isRedacted(value)) return "a Redacted"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

const ofKind =
  (accepts: (value: unknown) => boolean): Problem =>
  (value) =>
    accepts(value) ? undefined : kindOf(value)

export const isText = (value: unknown): boolean => typeof value === "string"
export const text = ofKind(isText)
export const number = ofKind((value) => typeof value === "number")
export const flag = ofKind((value) => typeof value === "boolean")
export const callable = ofKind((value) => typeof value === "function")
export const textOrUrl = ofKind((value) => isText(value) || value instanceof URL)

/** Text and numbers are left to what reads them, which knows the range as well. */
export const duration = ofKind(
  (value) =>
    isText(value) ||
    typeof value === "number" ||
    typeof value === "bigint" ||
    (typeof value === "object" && Option.isSome(Duration.fromInput(value as Duration.Input)))
)

export const anyText: Rule = { accepted: "text", problem: text }

export const anyFlag: Rule = { accepted: "true or false", problem: flag }

/** For options that nothing else reads before they are used. */
export const anyDuration: Rule = {
  accepted: `a duration such as "5 seconds"`,
  problem: (value) => duration(value) ?? (isDuration(value) ? undefined : "no duration")
}

const isDuration = (value: unknown): boolean => Option.isSome(Duration.fromInput(value as Duration.Input))

/** `none` is what is wrong with another text. */
export const oneOf = (known: ReadonlyArray<unknown>, none: string): Rule => ({
  accepted: known.map((value) => `"${String(value)}"`).join(", "),
  problem: (value) => (known.includes(value) ? undefined : isText(value) ? none : kindOf(value))
})

/** Text in `Redacted`, which gives nothing once it was wiped, and holds `undefined` when a variable was not set. */
export const secret = (name: string): Rule => ({
  accepted: `it wrapped, as Redacted.make(${name})`,
  problem: (value) => {
    if (!Redacted.isRedacted(value)) return isText(value) ? "a plain string" : kindOf(value)
    const held = Result.try(() => Redacted.value(value))
    if (Result.isFailure(held)) return "a Redacted without its value, wiped or made by another copy of effect"
    return isText(held.success) ? undefined : `a Redacted of ${kindOf(held.success)}`
  }
})

/** Every element that is wrong, with its place. */
export const listOf =
  (element: Problem): Problem =>
  (value) => {
    if (!Array.isArray(value)) return kindOf(value)
    const wrong = Array.from(value, (each: unknown, index) => ({ index, problem: element(each) })).flatMap(
      ({ index, problem }) => (problem === undefined ? [] : [`${problem} at [${index}]`])
    )
    return wrong.length === 0 ? undefined : `an array with ${wrong.join(", and ")}`
  }

export const optional =
  (problem: Problem): Problem =>
  (value) =>
    value === undefined ? undefined : problem(value)

/** An object of these fields, and of no others. */
export const record =
  (fields: Readonly<Record<string, Problem>>): Problem =>
  (value) => {
    if (!isRecord(value)) return kindOf(value)
    // A misspelt name is told before the one that is missing for it.
    const names = new Set([...Object.keys(value), ...Object.keys(fields)])
    for (const name of names) {
      const field = fields[name]
      const problem = field === undefined ? unknownField(name, Object.keys(fields)) : field(value[name])
      if (problem !== undefined) return `an object whose "${name}" is ${problem}`
    }
    return undefined
  }

const unknownField = (name: string, known: ReadonlyArray<string>): string => {
  const suggestion = didYouMean(name, known)
  return suggestion === undefined ? "not known" : `not known (${suggestion})`
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Redacted.isRedacted(value)
