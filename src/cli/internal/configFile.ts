/** Finds, imports and checks `pgkeel.config.*`; see `CommandConfig`. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { parseJson } from "../../schema/internal/jsonText.ts"
import { checkOptions } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import type { Rules } from "../../config/internal/rules.ts"
import { importFailure } from "../../migration/internal/moduleAdvice.ts"
import { migratorRules } from "../../migration/internal/optionRules.ts"
import type { CommandConfig } from "../CommandConfig.ts"
import { ConfigFileError } from "./failure.ts"

const names = ["pgkeel.config.ts", "pgkeel.config.js", "pgkeel.config.mjs", "pgkeel.config.json"]

/** As the flags take it: what a number counts would be for the reader to guess. */
const duration: Rule.Rule = {
  accepted: `a duration with its unit, such as "5 seconds" or "500 millis"`,
  problem: (value) => {
    if (typeof value === "number" || typeof value === "bigint") return `${Rule.kindOf(value)} without a unit`
    if (!Rule.isText(value)) return Rule.duration(value)
    return Option.isSome(Duration.fromInput(value as Duration.Input)) ? undefined : "a string that is no duration"
  }
}

const rules: Rules<CommandConfig> = {
  url: {
    accepted: "a URL such as postgres://user:password@host:5432/database, as text or Redacted",
    problem: (value) => (Rule.isText(value) ? undefined : Rule.secret("url").problem(value))
  },
  dir: {
    accepted: `a path or "namespace=path", or several of them in an array`,
    problem: (value) => (Array.isArray(value) ? Rule.listOf(Rule.text)(value) : Rule.text(value))
  },
  wait: duration,
  ...migratorRules,
  lockTimeout: duration,
  lockBackoff: duration,
  statementTimeout: duration,
  lockPatience: duration,
  schema: {
    accepted: `an object such as { snapshot: "./schema.json", ignore: ["owners"] }`,
    problem: Rule.record({ snapshot: Rule.optional(Rule.text), ignore: Rule.optional(Rule.listOf(Rule.text)) })
  }
}

/** The file that is named, else the one that is there. What it holds is empty where there is none. */
export const configFile = Effect.fnUntraced(function* (given: string | undefined) {
  const path = given ?? (yield* search)
  return path === undefined ? {} : yield* read(path)
})

/** The URL of the flag, else of the file, and what it is called where it cannot be used. */
export const urlOf = Effect.fnUntraced(function* (
  flag: Option.Option<Redacted.Redacted<string>>,
  { url }: CommandConfig,
  given: Option.Option<string>
) {
  if (Option.isSome(flag) || url === undefined) return { url: Option.getOrUndefined(flag), urlOption: "--url" }
  const file = Option.getOrUndefined(given) ?? (yield* search) ?? "the configuration file"
  return { url: typeof url === "string" ? Redacted.make(url) : url, urlOption: `url in ${file}` }
})

const search = Effect.gen(function* () {
  const { resolve } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  const found = yield* Effect.filter(names, (name) => Effect.orElseSucceed(files.exists(resolve(name)), () => false))
  const [name, other] = found
  return name !== undefined && other !== undefined ? yield* fail(name, `${other} is there too: keep one of them`) : name
})

const read = Effect.fnUntraced(function* (path: string) {
  const { dirname, resolve } = yield* Path.Path
  const value = yield* path.endsWith(".json") ? fromJson(path) : fromModule(path)
  if (!isConfig(value)) {
    return yield* fail(path, `it holds ${Rule.kindOf(value)}: give an object such as { dir: "./migrations" }`)
  }
  const { options, problems } = checkOptions<CommandConfig>(value, rules)
  if (problems.length > 0) return yield* fail(path, problems.map(({ message }) => message).join("; "))
  if (options.dir !== undefined && options.sources !== undefined) {
    return yield* fail(path, "it has dir and sources: keep one of them")
  }
  return { ...options, ...placed(options, (directory) => resolve(dirname(resolve(path)), directory)) }
})

/** Paths, from the directory of the file on. */
const placed = (
  { dir, schema, seeds, sources }: CommandConfig,
  resolve: (directory: string) => string
): CommandConfig => ({
  dir:
    dir === undefined
      ? undefined
      : [dir].flat().map((one) => one.replace(/^([^=]*=)?(.*)$/su, (_, name = "", path) => name + resolve(path))),
  seeds: typeof seeds?.directory === "string" ? { ...seeds, directory: resolve(seeds.directory) } : seeds,
  schema: schema?.snapshot === undefined ? schema : { ...schema, snapshot: resolve(schema.snapshot) },
  sources: sources?.map((source) =>
    "directory" in source && typeof source.directory === "string"
      ? { ...source, directory: resolve(source.directory) }
      : source
  )
})

const fail = (path: string, problem: string) => Effect.fail(new ConfigFileError({ path, problem }))

/** What it is made of is looked at by the rules. */
const isConfig = (value: unknown): value is CommandConfig => Rule.isRecord(value)

const fromJson = Effect.fnUntraced(function* (path: string) {
  const { resolve } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.catch(files.readFileString(resolve(path)), (error) =>
    fail(path, error.reason._tag === "NotFound" ? "it does not exist" : error.message)
  )
  return yield* Effect.catch(Effect.fromResult(parseJson(text)), (problem) =>
    fail(path, `it is not JSON at ${problem}; correct it there`)
  )
})

const isModule = (path: string): boolean => /\.[cm]?[jt]s$/u.test(path)

const fromModule = Effect.fnUntraced(function* (path: string) {
  const { resolve, toFileUrl } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  const exists = yield* Effect.orElseSucceed(files.exists(resolve(path)), () => false)
  if (!exists) return yield* fail(path, "it does not exist")
  if (!isModule(path)) return yield* fail(path, "it is no module and no JSON: call it .ts, .js, .mjs or .json")
  const { href } = yield* Effect.catch(toFileUrl(resolve(path)), ({ message }) => fail(path, message))
  const module: unknown = yield* Effect.tryPromise({
    try: () => import(/* @vite-ignore */ href),
    catch: (error) => new ConfigFileError({ path, problem: `it ${importFailure(error)}` })
  })
  return Predicate.hasProperty(module, "default")
    ? module.default
    : yield* fail(path, 'it has no default export: write `export default { dir: "./migrations" }`')
})
