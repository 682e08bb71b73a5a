/** The README's programs: all compile, and print what stands below them. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { afterAll } from "vitest"
import { TestDatabase } from "../../src/testing/index.ts"
import { freshDatabase, testServer } from "../support/Database.ts"
import { type Block, blocksOf } from "./blocks.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const bin = (name: string) => join(root, "node_modules/.bin", name)
const readme = readFileSync(join(root, "README.md"), "utf8")

const blocks = blocksOf(readme)
const asProcess = blocks.filter(({ run }) => run?.startsWith("process, "))
const examples = blocks.filter(({ run }) => run !== undefined && !run.startsWith("process, "))

const nameOf = ({ line }: Block) => `example-${line}`

/** The example as a module, each line on the line of the README that it comes from. */
const moduleOf = (block: Block) =>
  `${"\n".repeat(block.line - 1)}${block.text}
import type { MainServices as ServicesOfMain } from "pgkeel/MainLive"
export const needsMain = ${!block.text.includes("Effect.provide(")}
export const example: Effect.Effect<unknown, unknown, ServicesOfMain> = ${block.run}
`

/** A directory in the checkout, where modules find their packages, and hidden from every other tool. */
const directory = mkdtempSync(fileURLToPath(new URL(".application-", import.meta.url)))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const writeApplication = () => {
  for (const block of blocks) {
    const path = block.file ?? (block.language === "ts" ? `${nameOf(block)}.ts` : undefined)
    if (path === undefined) continue
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), examples.includes(block) ? moduleOf(block) : block.text)
  }
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      // An example shows a name that the next one would use.
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts", "migrations/*.ts"]
    })
  )
}

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
  let compiled: Ended
  let application: Ended
  beforeAll(async () => {
    writeApplication()
    const names = examples.map(nameOf)
    const started = [
      run(bin("tsc"), ["-p", join(directory, "tsconfig.json"), "--noEmit", "--pretty", "false"]),
      tsx([fileURLToPath(new URL("application.ts", import.meta.url)), directory, ...names], {
        DATABASE_ADMIN_URL: Redacted.value(testServer().url),
        PGKEEL_KEY: randomBytes(32).toString("base64")
      })
    ] as const
    ;[compiled, application] = await Promise.all(started)
  }, 2 * patience)
  afterAll(() => Effect.runPromise(removeShop))

  it("has code blocks that compile under the project's own settings", () => {
    assert.strictEqual(compiled.output.replaceAll(`${directory.slice(root.length)}/`, "README.md, "), "")
    assert.strictEqual(compiled.code, 0)
  })

  it("has an example for each service that can be run, and no code that nobody checks", () => {
    assert.deepStrictEqual(
      examples.map(({ run }) => run),
      [
        "provision",
        "migrations",
        "linted",
        "start",
        "deploy",
        "inspect",
        "pay",
        "load",
        "verify",
        "recover",
        "rotate",
        "test"
      ]
    )
    assert.deepStrictEqual(
      blocks.filter(
        ({ file, language, run }) =>
          !["ts", "sh", "text", "sql"].includes(language) ||
          (language === "sql" && file === undefined) ||
          (run !== undefined && language !== "ts")
      ),
      []
    )
  })

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

  for (const block of asProcess) {
    const file = block.run?.slice("process, ".length) ?? ""
    it.effect(`begins with the program ${file}, which runs and prints what stands below it`, () =>
      Effect.gen(function* () {
        assert.strictEqual(block.text, readFileSync(join(root, file), "utf8"))
        assert.isAtMost(block.text.split("\n").length, 33)
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
