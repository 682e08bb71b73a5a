/**
 * What is wrong with options where no compiler has looked at them. The functions that
 * take these cannot fail with it in their type, and it is a bug of the application: it
 * becomes a defect that says what to write instead. The rules of `config/` stand beside
 * this context and not below it.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

export interface OptionType {
  readonly accepted: string
  readonly accepts: (value: unknown) => boolean
}

export type OptionTypes<Options> = { readonly [Name in keyof Required<Options>]: OptionType }

export const number: OptionType = {
  accepted: "a number",
  accepts: (value) => typeof value === "number" && !Number.isNaN(value)
}

export const duration: OptionType = {
  accepted: `a duration such as "5 seconds"`,
  accepts: (value) =>
    (["string", "number", "bigint"].includes(typeof value) || (typeof value === "object" && value !== null)) &&
    Option.isSome(Duration.fromInput(value as Duration.Input))
}

export const callable: OptionType = { accepted: "a function", accepts: (value) => typeof value === "function" }

/** A sentence of which `of` is the subject's owner, and which holds nothing of a value. */
export const optionProblem = <Options>(
  of: string,
  options: unknown,
  types: OptionTypes<Options>
): string | undefined => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return `the options of ${of} are ${options === null ? "null" : `of type ${typeof options}`}: give an object`
  }
  const known = new Map<string, OptionType>(Object.entries(types))
  for (const [name, value] of Object.entries(options)) {
    const type = known.get(name)
    if (value === undefined || type?.accepts(value) === true) continue
    const problem = type === undefined ? "is not known" : "is not accepted"
    const accepted = type?.accepted ?? `one of ${[...known.keys()].join(", ")}`
    return `the option "${name}" of ${of} ${problem}: give ${accepted}`
  }
  return undefined
}
