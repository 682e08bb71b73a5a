/**
 * Variables that begin with `PGKEEL_` and that this version does not read. They
 * may belong to another version, so they are a warning and not a problem.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { didYouMean } from "./nearest.ts"
import { settings } from "./settings.ts"

/** Those that other parts of the package read, secrets with their `*_FILE` form. */
const others = ["PGKEEL_MIGRATIONS", "PGKEEL_KEY", "PGKEEL_KEY_FILE"]

/** Every variable of that prefix that this version reads. */
export const knownVariables: ReadonlySet<string> = new Set([
  ...Object.values(settings).map(({ variable }) => variable),
  ...others
])

/** How deep a name is looked for: a provider that is no environment may be a tree without an end. */
const deepest = 8

/** The names that have a value below `path`, as a provider of environment variables lists them. */
const namesBelow = (
  provider: ConfigProvider.ConfigProvider,
  path: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, ConfigProvider.SourceError> =>
  Effect.flatMap(provider.load(path), (node) => {
    if (node === undefined) return Effect.succeed([])
    const own = node.value === undefined ? [] : [path.join("_")]
    if (node._tag !== "Record" || path.length >= deepest) return Effect.succeed(own)
    return Effect.map(
      Effect.forEach(node.keys, (key) => namesBelow(provider, [...path, key])),
      (below) => [...own, ...below.flat()]
    )
  })

const describe = (name: string): string => {
  const suggestion = didYouMean(name, knownVariables)
  return suggestion === undefined ? name : `${name} (${suggestion})`
}

/** One warning for all of them. A provider that cannot list its names is not asked again. */
export const warnOfUnknownVariables: Effect.Effect<void> = Effect.gen(function* () {
  const provider = yield* ConfigProvider.ConfigProvider
  const names = yield* Effect.orElseSucceed(namesBelow(provider, ["PGKEEL"]), () => [])
  // The package's own test runs are told by variables, too.
  const unknown = names.filter((name) => !knownVariables.has(name) && !name.startsWith("PGKEEL_TEST_"))
  if (unknown.length === 0) return
  yield* Effect.logWarning(`set, and not read by this version of pgkeel: ${unknown.sort().map(describe).join(", ")}`)
})
