import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FileSystem, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { directory, history, scalar, test, write } from "../migration/support.ts"
import type { CommandConfig } from "../../src/cli/CommandConfig.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { cli, documentOf } from "./support.ts"

const files = { "db/1_a.up.sql": "CREATE TABLE a (id int)", "plug-in/1_b.up.sql": "CREATE TABLE b (id int)" }

/** `migrate up` by a configuration file of these contents, beside those directories. */
const withConfig = Effect.fnUntraced(function* (name: string, text: string, ...flags: ReadonlyArray<string>) {
  const root = yield* directory({ ...files, [name]: text })
  const ended = yield* cli(["migrate", "up", "--config", `${root}/${name}`, "--json", ...flags])
  return { code: ended.code, document: documentOf(ended) }
})

const messageOf = ({ document }: { readonly document: Record<string, unknown> }) =>
  (document["error"] as { readonly message: string }).message

const ranIn = Effect.map(history, (rows) =>
  rows.filter(({ namespace }) => namespace !== "pgkeel").map(({ id, namespace }) => `${namespace}/${id}`)
)

describe("the configuration file", () => {
  test("holds the database and the directories, which are from its own directory on", () =>
    Effect.gen(function* () {
      const url = Redacted.value((yield* TestDatabase).url)
      const config = { url, dir: ["./db", "plug=plug-in"] }
      const { code } = yield* withConfig("pgkeel.config.json", JSON.stringify(config))
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(yield* ranIn, ["app/1", "plug/1"])
    }))

  test("may be TypeScript, with sources of its own and the options of a migrator", () =>
    Effect.gen(function* () {
      const url = Redacted.value((yield* TestDatabase).url)
      const { code, document } = yield* withConfig(
        "pgkeel.config.ts",
        `const url: string = ${JSON.stringify(url)}
        export default {
          url,
          sources: [{ namespace: "own", directory: "db" }],
          policies: { late: "warn" },
          lockTimeout: "3 seconds"
        }`
      )
      assert.strictEqual(code, 0, JSON.stringify(document))
      assert.deepStrictEqual(yield* ranIn, ["own/1"])
    }))

  test("is heard on every option of a run: role, seeds, hooks, waits and policies", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { url } = yield* TestDatabase
      const configured = (more: string) => `import { appendFileSync } from "node:fs"
        import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}
        export default {
          url: ${JSON.stringify(Redacted.value(url))},
          dir: "db",
          seeds: { directory: "seeds", environment: "test" },
          hooks: { afterAll: () => Effect.sync(() => appendFileSync(new URL("hooked", import.meta.url), "x")) },
          wait: "1 second",
          lockPatience: "50 millis",
          lockTimeout: "3 seconds",
          ${more}
        }`
      const root = yield* directory({
        "db/1_a.up.sql": "CREATE TABLE a AS SELECT 1 AS id, current_setting('lock_timeout') AS lock",
        "seeds/test/rows.sql": "INSERT INTO a VALUES (2)",
        "reads.mjs": configured('role: "pg_read_all_data"'),
        "runs.mjs": configured('policies: { missing: "allow" }')
      })
      const run = (config: string, command: string) =>
        cli(["migrate", command, "--config", `${root}/${config}`, "--json"])
      assert.match(JSON.stringify(documentOf(yield* run("reads.mjs", "up"))["error"]), /permission denied/u)
      assert.isFalse(yield* fs.exists(`${root}/hooked`))
      assert.strictEqual((yield* run("runs.mjs", "up")).code, 0)
      assert.isTrue(yield* fs.exists(`${root}/hooked`))
      assert.strictEqual(yield* scalar("SELECT string_agg(id || ' ' || coalesce(lock, ''), ', ') FROM a"), "1 3s, 2 ")
      yield* write(root, { "db/1_a.up.sql": undefined, "db/2_b.up.sql": "SELECT 1" })
      const sql = yield* SqlClient.SqlClient
      const holder = yield* sql.reserve
      yield* holder.executeRaw("SELECT pg_advisory_lock(1885825893, 1701576705)", [])
      assert.strictEqual((yield* run("runs.mjs", "up")).code, 5)
    }))

  test("gives way to flags", () =>
    Effect.gen(function* () {
      const url = Redacted.value((yield* TestDatabase).url)
      const root = yield* directory(files)
      const config = JSON.stringify({ url: "postgres://x:y@127.0.0.1:1/z", dir: "nowhere" })
      const { code } = yield* withConfig("pgkeel.config.json", config, "--url", url, "--dir", `flag=${root}/db`)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(yield* ranIn, ["flag/1"])
    }))

  const wrong: ReadonlyArray<readonly [name: string, text: string, problem: string]> = [
    ["pgkeel.config.json", `{ "polices": {} }`, "polices is not an option: did you mean policies?"],
    ["pgkeel.config.json", `{ "dir": 7 }`, "dir is a number: give a path"],
    ["pgkeel.config.json", `{ "policies": { "late": "maybe" } }`, `policies is an object whose "late" is`],
    ["pgkeel.config.json", `{ "dir": "a", "sources": [] }`, "it has dir and sources: keep one of them"],
    [
      "pgkeel.config.json",
      `{\n  "dir": x\n}`,
      "it is not JSON at line 2, column 10: Unexpected token 'x'; correct it there"
    ],
    ["pgkeel.config.json", `[]`, "it holds an array: give an object"],
    ["pgkeel.sql", `SELECT 1`, "it is no module and no JSON: call it .ts, .js, .mjs or .json"],
    ["one.mjs", `export const config = {}`, "it has no default export"],
    ["two.mjs", `export default 7`, "it holds a number"],
    ["three.mjs", `throw new Error("no reason")`, "it cannot be imported: no reason"]
  ]

  for (const [name, text, problem] of wrong) {
    test(`is refused with words that help: ${text}`, () =>
      Effect.gen(function* () {
        const ended = yield* withConfig(name, text)
        assert.strictEqual(ended.code, 2)
        assert.include(messageOf(ended), problem)
        assert.deepInclude(ended.document["error"] as object, { tag: "ConfigFileError", code: "PGK0002" })
      }))
  }

  test("is named as the source of a URL and of directories that cannot be used, and flags as the source of theirs", () =>
    Effect.gen(function* () {
      const url = "postgres://me@127.0.0.1:port/z"
      const configured = yield* withConfig("pgkeel.config.json", JSON.stringify({ url, dir: "db" }))
      assert.match(messageOf(configured), /: url in \S+\/pgkeel\.config\.json has a port/u)
      const flagged = yield* withConfig("pgkeel.config.json", JSON.stringify({ url, dir: "db" }), "--url", url)
      assert.include(messageOf(flagged), ": --url has a port")
      const right = Redacted.value((yield* TestDatabase).url)
      const missing = yield* withConfig("pgkeel.config.json", JSON.stringify({ url: right, dir: "nowhere" }))
      assert.include(messageOf(missing), "correct what names it: --dir, `dir` or `sources` in the configuration file")
      const seeds = { url: right, dir: "db", seeds: { directory: "nowhere" } }
      const seedless = yield* withConfig("pgkeel.config.json", JSON.stringify(seeds))
      assert.include(messageOf(seedless), "/nowhere of the seeds cannot be read: it does not exist; create it")
      assert.include(messageOf(seedless), "correct what names it: --seeds, or `seeds` in the configuration file")
    }))

  const durations = ["wait", "lockTimeout", "lockBackoff", "statementTimeout", "lockPatience"]

  test("is refused for durations that are none, or have no unit, all at once and before anything is pending", () =>
    Effect.gen(function* () {
      const accepted = `give a duration with its unit, such as "5 seconds" or "500 millis"`
      const given: ReadonlyArray<readonly [value: unknown, problem: string]> = [
        ["5 secnds", "a string that is no duration"],
        ["5", "a string that is no duration"],
        [5, "a number without a unit"],
        [null, "null"]
      ]
      for (const [value, problem] of given) {
        const text = JSON.stringify({ ...Object.fromEntries(durations.map((name) => [name, value])), dir: 7 })
        const ended = yield* withConfig("pgkeel.config.json", text)
        assert.strictEqual(ended.code, 2)
        assert.deepInclude(ended.document["error"] as object, { tag: "ConfigFileError", code: "PGK0002" })
        const message = messageOf(ended)
        assert.include(message, "/pgkeel.config.json cannot be used: ")
        for (const name of durations) assert.include(message, `${name} is ${problem}: ${accepted}`)
        assert.include(message, "dir is a number")
      }
    }))

  it("has no durations without a unit, says the compiler too", () => {
    const right: CommandConfig = { wait: "5 seconds", lockTimeout: Duration.seconds(5) }
    // @ts-expect-error a number has no unit
    const wrong: CommandConfig = { wait: 5 }
    // @ts-expect-error a number has no unit
    const wrongToo: CommandConfig = { lockPatience: 5 }
    assert.lengthOf([right, wrong, wrongToo], 3)
  })

  test("has to be there when it is named", () =>
    Effect.gen(function* () {
      for (const name of ["no.json", "no.ts"]) {
        const ended = yield* cli(["migrate", "status", "--config", `/nowhere/${name}`, "--json"])
        assert.strictEqual(ended.code, 2)
        assert.include(messageOf({ document: documentOf(ended) }), "it does not exist")
      }
    }))
})
