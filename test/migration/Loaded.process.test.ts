import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { TestDatabase } from "../support/Database.ts"
import { directory, test, write } from "./support.ts"

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
