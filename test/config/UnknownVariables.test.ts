import { assert, it } from "@effect/vitest"
import { NodeFileSystem } from "@effect/platform-node"
import { ConfigProvider, Effect, Logger, References } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { knownVariables } from "../../src/config/internal/unknownVariables.ts"
import { readModules } from "../house/sourceModule.ts"
import { load } from "./support.ts"
import type { Variables } from "./support.ts"

const quiet = Effect.provideService(References.MinimumLogLevel, "Fatal")

/** What a load says of these variables. */
const said = Effect.fnUntraced(function* (variables: Variables, urlVariable?: string) {
  const messages: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void messages.push(`${logLevel} ${String(message)}`))
  yield* load({ DATABASE_URL: "postgres://u@h/d", ...variables }, {}, urlVariable).pipe(
    Effect.provide(Logger.layer([logger]))
  )
  return messages
})

it.effect("Variables of the package's prefix that it does not read are named in one warning, with what was meant", () =>
  Effect.gen(function* () {
    const messages = yield* said({ PGKEEL_POOL_MXA: "3", PGKEEL_KEYFILE: "/k", PGKEEL_FUTURE: "1" })
    assert.deepStrictEqual(messages, [
      "Warn set, and not read by this version of pgkeel: PGKEEL_FUTURE, PGKEEL_KEYFILE (did you mean PGKEEL_KEY_FILE?), " +
        "PGKEEL_POOL_MXA (did you mean PGKEEL_POOL_MAX?)"
    ])
  })
)

it.effect("A variable is told by its own name where others begin like it, and its value is not shown", () =>
  Effect.gen(function* () {
    const messages = yield* said({ PGKEEL_POOL: "hunter2", PGKEEL_POOL_MAX: "3", PGKEEL_POOL_MAX_FILE: "hunter2" })
    assert.strictEqual(messages.length, 1)
    assert.include(messages[0] ?? "", "PGKEEL_POOL, PGKEEL_POOL_MAX_FILE")
    assert.notInclude(messages[0] ?? "", "hunter2")
  })
)

it.effect("Nothing is said of variables that are read, are set to nothing, or are somebody else's", () =>
  Effect.gen(function* () {
    const read = Object.fromEntries([...knownVariables].map((name) => [name, ""]))
    const secrets = { PGKEEL_KEY: "k", PGKEEL_KEY_FILE: "/k", PGKEEL_MIGRATIONS: "m", PGKEEL_POOL_MAX: "3" }
    assert.deepStrictEqual(yield* said({ ...read, ...secrets, PGKEEL_NONE: "", PGKEELX: "1", PGHOST: "h" }), [])
  })
)

it.effect("Only the application's own configuration warns, so that a start does it once", () =>
  Effect.gen(function* () {
    const variables = { DATABASE_MIGRATOR_URL: "postgres://u@h/d", PGKEEL_FUTURE: "1" }
    assert.deepStrictEqual(yield* said(variables, "DATABASE_MIGRATOR_URL"), [])
  })
)

it.effect("A provider that cannot list what it has keeps nobody from starting", () =>
  Effect.gen(function* () {
    const silent = ConfigProvider.make((path) =>
      path.join("_") === "PGKEEL"
        ? Effect.fail(new ConfigProvider.SourceError({ message: "cannot list" }))
        : Effect.succeed(path.join("_") === "PGUSER" ? ConfigProvider.makeValue("u") : undefined)
    )
    const endless = ConfigProvider.make((path) =>
      Effect.succeed(path[0] === "PGKEEL" ? ConfigProvider.makeRecord(new Set(["A"])) : undefined)
    )
    const options = { username: "u", host: "h" }
    for (const provider of [silent, endless]) {
      const read = yield* DatabaseConfig.load(options).pipe(
        Effect.provide(NodeFileSystem.layer),
        Effect.provide(ConfigProvider.layer(provider)),
        quiet
      )
      assert.strictEqual(read.username, "u")
    }
  })
)

it("Every variable of the prefix that the source names is known", () => {
  const root = join(import.meta.dirname, "../../src")
  const named = readModules(root).flatMap(({ path }) =>
    Array.from(readFileSync(join(root, path), "utf8").matchAll(/\bPGKEEL_[A-Z_]*[A-Z]\b/g), ([name]) => name)
  )
  const tests = (name: string) => name.startsWith("PGKEEL_TEST")
  assert.deepStrictEqual(
    [...new Set(named)].filter((name) => !knownVariables.has(name) && !tests(name)),
    []
  )
  assert.includeMembers(named, ["PGKEEL_KEY_FILE", "PGKEEL_POOL_MAX"])
})
