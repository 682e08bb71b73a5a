/**
 * Options in code, as they come where no compiler has looked at them: what is
 * not an option, or is not of an option's type, is a problem like a wrong variable.
 */
import * as Effect from "effect/Effect"
import { InvalidVariable, MissingVariable, UnknownOption } from "../DatabaseConfigError.ts"
import type { ConfigProblem } from "../DatabaseConfigError.ts"
import type { DatabaseOptions } from "../Settings.ts"
import { didYouMean, nearest } from "./nearest.ts"
import * as Rule from "./rules.ts"
import type { Rules } from "./rules.ts"
import { settings } from "./settings.ts"
import type { Kind } from "./settings.ts"
import { connectDuration, host, port, sslMode } from "./target.ts"

/** The options that are what they should be, and what is wrong with the others. */
export interface Checked<Options> {
  readonly options: Options
  readonly problems: ReadonlyArray<ConfigProblem>
}

const byKind = { number: Rule.number, duration: Rule.duration, flag: Rule.flag } as const

const settingRule = ({ accepted, kind }: { readonly accepted: string; readonly kind: Kind }): Rule.Rule => ({
  accepted,
  problem: byKind[kind]
})

const textRule = (accepted: string): Rule.Rule => ({ accepted, problem: Rule.text })

export const databaseRules: Rules<DatabaseOptions> = {
  url: Rule.secret("url"),
  host: textRule(host.accepted),
  port: { accepted: port.accepted, problem: Rule.number },
  database: textRule("the name of a database, as text"),
  username: textRule("the name of a role, as text"),
  password: Rule.secret("password"),
  sslMode: textRule(sslMode.accepted),
  rootCertificate: textRule("certificates in PEM form, as text"),
  applicationName: textRule("text"),
  startupOptions: textRule(`text such as "-c search_path=app"`),
  connectTimeout: { accepted: connectDuration.accepted, problem: Rule.duration },
  maxConnections: settingRule(settings.maxConnections),
  minConnections: settingRule(settings.minConnections),
  acquireTimeout: settingRule(settings.acquireTimeout),
  idleTimeout: settingRule(settings.idleTimeout),
  maxLifetime: settingRule(settings.maxLifetime),
  statementTimeout: settingRule(settings.statementTimeout),
  keepAlive: settingRule(settings.keepAlive),
  startTimeout: settingRule(settings.startTimeout),
  shutdownTimeout: settingRule(settings.shutdownTimeout),
  outcomeTimeout: settingRule(settings.outcomeTimeout),
  prepare: settingRule(settings.prepare)
}

/** What is wrong with the options of a function, for the error that it has; without an option's name, it is all of them. */
export interface WrongOption {
  readonly option: string | undefined
  readonly problem: string
  readonly accepted: string
}

/** What a function takes for its options. */
export interface Taken<Options> {
  /** The function, as it is called. */
  readonly of: string
  readonly rules: Rules<Options>
  /** What its options look like. */
  readonly example: string
}

type Given = Readonly<Record<string, unknown>>

type Known = Readonly<Record<string, Rule.Rule>>

const ruleOf = (name: string, known: Known): Rule.Rule | undefined =>
  Object.hasOwn(known, name) ? known[name] : undefined

/** The names of those that are wrong, in their order, and then of those that are missing; `undefined` is none. */
const wrongNames = (options: Given, known: Known): ReadonlyArray<string> => {
  const given: Array<string> = []
  // Options that an application inherits from a prototype are as good as its own.
  for (const name in options) if (options[name] !== undefined) given.push(name)
  const wrong = given.filter((name) => {
    const rule = ruleOf(name, known)
    return rule === undefined || rule.problem(options[name]) !== undefined
  })
  const missing = Object.keys(known).filter((name) => known[name]?.isRequired === true && options[name] === undefined)
  return [...wrong, ...missing]
}

const notOptions = (options: unknown, example: string) => ({
  problem: Rule.kindOf(options),
  accepted: `an object such as ${example}`
})

/** Why `option` cannot have this value, or be left out; `undefined` when it can. */
export const wrongValue = <Options>(option: string, value: unknown, rules: Rules<Options>): WrongOption | undefined => {
  const known: Known = rules
  const rule = ruleOf(option, known)
  if (rule === undefined) {
    const names = Object.keys(known)
    return { option, problem: "is not known", accepted: didYouMean(option, names) ?? `one of ${names.join(", ")}` }
  }
  const { accepted } = rule
  if (value === undefined) return rule.isRequired === true ? { option, problem: "is missing", accepted } : undefined
  const problem = rule.problem(value)
  return problem === undefined ? undefined : { option, problem: `is ${problem}`, accepted }
}

const configProblem = (variable: string, value: unknown, known: Known): ConfigProblem => {
  const rule = ruleOf(variable, known)
  if (rule === undefined) {
    const names = Object.keys(known)
    return new UnknownOption({ variable, suggestion: nearest(variable, names), known: names })
  }
  const { accepted } = rule
  return value === undefined
    ? new MissingVariable({ variable, accepted })
    : new InvalidVariable({ variable, problem: `is ${rule.problem(value)}`, accepted })
}

/** Looks at every option that is given. `example` is of options that are right. */
export const checkOptions = <Options extends object>(
  options: Options,
  rules: Rules<Options>,
  example = "{ url: Redacted.make(url) }"
): Checked<Options> => {
  if (!Rule.isRecord(options)) {
    const { accepted, problem } = notOptions(options, example)
    const variable = "what was given for the options"
    const wrong = new InvalidVariable({ variable, problem: `is ${problem}`, accepted })
    return { options: {} as Options, problems: [wrong] }
  }
  const names = wrongNames(options, rules)
  const right: Record<string, unknown> = {}
  for (const name in options) if (!names.includes(name)) right[name] = options[name]
  return {
    options: right as Options,
    problems: names.map((name) => configProblem(name, options[name], rules))
  }
}

/** The first option that is wrong, and else the first that is missing. */
export const wrongOption = <Options>(options: unknown, { example, rules }: Taken<Options>): WrongOption | undefined => {
  if (!Rule.isRecord(options)) {
    const { accepted, problem } = notOptions(options, example)
    return { option: undefined, problem: `are ${problem}`, accepted }
  }
  const [name] = wrongNames(options, rules)
  return name === undefined ? undefined : wrongValue(name, options[name], rules)
}

/** Fails with what `refused` makes of it, before anything is done. */
export const refuseWrong = <Options, E>(
  options: unknown,
  taken: Taken<Options>,
  refused: (wrong: WrongOption) => E
): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    const wrong = wrongOption(options, taken)
    return wrong === undefined ? Effect.void : Effect.fail(refused(wrong))
  })

/** The same as a sentence; `of` is the function that was given them. */
export const sayWrong = (of: string, { accepted, option, problem }: WrongOption): string => {
  const what = option === undefined ? `the options of ${of}` : `the option "${option}" of ${of}`
  return `${what} ${problem}: ${accepted.endsWith("?") ? accepted : `give ${accepted}`}`
}
