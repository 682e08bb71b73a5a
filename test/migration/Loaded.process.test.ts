import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { TestDatabase } from "../support/Database.ts"
import { directory, test, write } from "./support.ts"

const hooks = new URL("./fixtures/parserLoads.mjs", import.meta.url).href
const bin = fileURLToPath(new URL("../../bin/pgkeel.js", import.meta.url))
const program = fileURLToPath(new URL("./fixtures/whatIsLoaded.ts", import.meta.url))

test("PostgreSQL's parser is loaded to run a migration, and not where there is nothing to do", () =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()" })
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const run = spawner.string(
      ChildProcess.make("node", [program], {
        env: { PGKEEL_TEST_URL: Redacted.value(url), PGKEEL_TEST_DIRECTORY: path },
        extendEnv: true
      })
    )
    assert.match(yield* run, /loaded [1-9]\d*\n$/)
    assert.match(yield* run, /loaded 0\n$/)
    yield* write(path, { "2_b.up.sql": "CREATE TABLE b ()" })
    assert.match(yield* run, /loaded [1-9]\d*\n$/)
  }))

test("The command loads it to run, to plan and to lint what is pending, and for nothing else", () =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { url } = yield* TestDatabase
    const path = yield* directory({ "sql/1_a.up.sql": "CREATE TABLE a ()", "sql/1_a.down.sql": "DROP TABLE a" })
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const loads = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
      const command = ["--import", hooks, bin, "migrate", ...args, "--dir", `${path}/sql`, "--url", Redacted.value(url)]
      const env = { PGKEEL_TEST_LOADS: `${path}/loads` }
      const code = yield* spawner.exitCode(
        ChildProcess.make("node", command, { env, extendEnv: true, stdout: "ignore", stderr: "ignore" })
      )
      assert.strictEqual(Number(code), 0, args.join(" "))
      return Number(yield* fs.readFileString(`${path}/loads`))
    })
    assert.isAbove(yield* loads("plan"), 0)
    assert.isAbove(yield* loads("up"), 0)
    for (const args of [["up"], ["plan"], ["status", "--check"], ["repair"], ["down", "--steps", "0"]]) {
      assert.strictEqual(yield* loads(...args), 0, args.join(" "))
    }
    assert.isAbove(yield* loads("redo"), 0)
  }))
