/** The README's programs print what stands below them. That all of its code compiles is looked at by compiles.test.ts. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { afterAll } from "vitest"
import { TestDatabase } from "../../src/testing/index.ts"
import { freshDatabase, testServer } from "../support/Database.ts"
import { examples, nameOf, programs, ReadmeProject } from "./project.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const bin = (name: string) => join(root, "node_modules/.bin", name)

const project = new ReadmeProject()
afterAll(() => project.remove())

/** In milliseconds: they take seconds, unless other work has the processors. */
const patience = 240_000

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

const run = (command: string, args: ReadonlyArray<string>, env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const { DATABASE_URL: _, ...inherited } = process.env
    const child = spawn(command, args, { cwd: root, env: { ...inherited, NO_COLOR: "1", ...env }, timeout: patience })
    const ended = { output: "", errors: "" }
    child.stdout.on("data", (chunk) => (ended.output += String(chunk)))
    child.stderr.on("data", (chunk) => (ended.errors += String(chunk)))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, ...ended }))
  })

const tsx = (args: ReadonlyArray<string>, env: Record<string, string>) =>
  run(bin("node"), ["--import", "tsx", ...args], env)

/** The README's database is `shop`, which belongs to the whole server. */
const removeShop = Effect.gen(function* () {
  const session = yield* PgConnection.make({ url: testServer().url })
  yield* session.query("DROP DATABASE IF EXISTS shop WITH (FORCE)")
  for (const role of ["app", "migrator", "owner"]) yield* session.query(`DROP ROLE IF EXISTS shop_${role}`)
}).pipe(Effect.scoped)

describe("The README", () => {
  let application: Ended
  beforeAll(async () => {
    const names = examples.map(nameOf)
    application = await tsx([fileURLToPath(new URL("application.ts", import.meta.url)), project.directory, ...names], {
      DATABASE_ADMIN_URL: Redacted.value(testServer().url),
      PGKEEL_KEY: randomBytes(32).toString("base64")
    })
  }, patience)
  afterAll(() => Effect.runPromise(removeShop))

  for (const block of examples) {
    it(`has an example "${block.run}" on line ${block.line} that prints what stands below it`, () => {
      assert.strictEqual(application.errors, "")
      const results = application.output
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
      const result = results.find(({ name }) => name === nameOf(block))
      assert.strictEqual(result?.failure, undefined)
      assert.strictEqual(result?.printed, block.prints)
    })
  }

  for (const block of programs) {
    const file = block.run?.slice("process, ".length) ?? ""
    it.effect(`begins with the program ${file}, which runs and prints what stands below it`, () =>
      Effect.gen(function* () {
        assert.strictEqual(block.text, readFileSync(join(root, file), "utf8"))
        assert.isAtMost(block.text.trimEnd().split("\n").length, 30)
        const url = Redacted.value((yield* TestDatabase).url)
        const program = yield* Effect.promise(() => tsx([file], { DATABASE_URL: url, DATABASE_MIGRATOR_URL: url }))
        assert.strictEqual(program.errors, "")
        assert.strictEqual(program.code, 0, program.output)
        // Without the lines of the log.
        assert.strictEqual(program.output.replaceAll(/^\[.*\n/gmu, ""), block.prints)
      }).pipe(Effect.provide(freshDatabase()))
    )
  }
})
