/**
 * Options in code, as they come where no compiler has looked at them: what is
 * not an option, or is not of an option's type, is a problem like a wrong variable.
 */
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

const problemOf = (name: string, value: unknown, rules: ReadonlyMap<string, Rule.Rule>): ConfigProblem | undefined => {
  const rule = rules.get(name)
  if (rule === undefined) {
    return new UnknownOption({ variable: name, suggestion: nearest(name, rules.keys()), known: [...rules.keys()] })
  }
  const problem = rule.problem(value)
  return problem === undefined
    ? undefined
    : new InvalidVariable({ variable: name, problem: `is ${problem}`, accepted: rule.accepted })
}

const notOptions = (value: unknown, example: string): ConfigProblem =>
  new InvalidVariable({
    variable: "what was given for the options",
    problem: `is ${Rule.kindOf(value)}`,
    accepted: `an object such as ${example}`
  })

/** Looks at every option that is given; `undefined` is none. `example` is of options that are right. */
export const checkOptions = <Options extends object>(
  options: Options,
  rules: Rules<Options>,
  example = "{ url: Redacted.make(url) }"
): Checked<Options> => {
  if (!Rule.isRecord(options)) return { options: {} as Options, problems: [notOptions(options, example)] }
  const known = new Map<string, Rule.Rule>(Object.entries(rules))
  const problems: Array<ConfigProblem> = []
  const right: Record<string, unknown> = {}
  // Options that an application inherits from a prototype are as good as its own.
  for (const name in options) {
    const value: unknown = options[name]
    const problem = value === undefined ? undefined : problemOf(name, value, known)
    if (problem === undefined) right[name] = value
    else problems.push(problem)
  }
  for (const [variable, { accepted, isRequired = false }] of known) {
    if (isRequired && options[variable] === undefined) problems.push(new MissingVariable({ variable, accepted }))
  }
  return { options: right as Options, problems }
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

/** Why `option` cannot have this value; `undefined` when it can. */
export const wrongValue = <Options>(option: string, value: unknown, rules: Rules<Options>): WrongOption | undefined => {
  const known = rules as Readonly<Record<string, Rule.Rule>>
  const rule = Object.hasOwn(known, option) ? known[option] : undefined
  if (rule === undefined) {
    const names = Object.keys(known)
    return { option, problem: "is not known", accepted: didYouMean(option, names) ?? `one of ${names.join(", ")}` }
  }
  const problem = rule.problem(value)
  return problem === undefined ? undefined : { option, problem: `is ${problem}`, accepted: rule.accepted }
}

/** The first option that is wrong, and else the first that is missing; `undefined` is none. */
export const wrongOption = <Options>(
  options: unknown,
  rules: Rules<Options>,
  example: string
): WrongOption | undefined => {
  if (!Rule.isRecord(options)) {
    return { option: undefined, problem: `are ${Rule.kindOf(options)}`, accepted: `an object such as ${example}` }
  }
  for (const name in options) {
    const wrong = options[name] === undefined ? undefined : wrongValue(name, options[name], rules)
    if (wrong !== undefined) return wrong
  }
  const missing = Object.entries<Rule.Rule>(rules).find(
    ([name, rule]) => rule.isRequired === true && options[name] === undefined
  )
  return missing && { option: missing[0], problem: "is missing", accepted: missing[1].accepted }
}

/** The same as a sentence; `of` is the function that was given them. */
export const sayWrong = (of: string, { accepted, option, problem }: WrongOption): string => {
  const what = option === undefined ? `the options of ${of}` : `the option "${option}" of ${of}`
  return `${what} ${problem}: ${accepted.endsWith("?") ? accepted : `give ${accepted}`}`
}
