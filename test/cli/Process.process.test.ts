/** The command as a person starts it: a process, by npx, with signals. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { NodeServices } from "@effect/platform-node"
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import { SqlClient } from "effect/sql"
import { directory, eventually, scalar, write } from "../migration/support.ts"
import { freshClient, TestDatabase } from "../support/Database.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const node = join(root, "node_modules/.bin/node")
const bin = join(root, "bin/pgkeel.js")

const hasBash = spawnSync("bash", ["-c", "true"]).status === 0

const empty = mkdtempSync(join(tmpdir(), "pgkeel-cli-"))
afterAll(() => rmSync(empty, { recursive: true, force: true }))

const start = (
  command: ReadonlyArray<string>,
  { cwd = empty, env = {} }: { readonly cwd?: string; readonly env?: Record<string, string> } = {}
) => {
  const [program = "", ...args] = command
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:PG|DATABASE_|npm_|NODE_|FORCE_COLOR)/u.test(name))
  const child = spawn(program, args, {
    cwd,
    // The modules are compiled by the first of these processes, and for all of them.
    env: { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: join(empty, "compiled"), ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const printed = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk) => (printed.stdout += String(chunk)))
  child.stderr.on("data", (chunk) => (printed.stderr += String(chunk)))
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, ...printed }))
  })
  return { child, ended: Effect.promise(() => ended) }
}

const urlOf = Effect.map(TestDatabase, ({ url }) => ({ DATABASE_URL: Redacted.value(url) }))

layer(Layer.merge(freshClient(), NodeServices.layer), { excludeTestServices: true })("the process", (it) => {
  it.effect("is found by npx in this repository, which need not be built, with any Node that can start npm", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* start(["npx", "--no-install", "pgkeel", "migrate", "--help"], { cwd: root }).ended
      assert.strictEqual(code, 0)
      assert.include(stdout, "pgkeel migrate <subcommand>")
    })
  )

  it.effect("says in one line that a Node is too old", () =>
    Effect.gen(function* () {
      const older = `data:text/javascript,
        Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } })`
      const { code, stderr, stdout } = yield* start([node, "--import", older, bin, "migrate", "up"]).ended
      const message = "pgkeel needs Node 22.19 or later, and this is 20.19.0"
      assert.deepStrictEqual([code, stdout, stderr], [2, "", `${message}\n`])
      const asked = yield* start([node, "--import", older, bin, "migrate", "--json", "up"]).ended
      assert.deepStrictEqual([asked.code, asked.stderr], [2, `${message}\n`])
      const document = { ok: false, error: { tag: "UsageError", code: "PGK0001", message } }
      assert.deepStrictEqual(JSON.parse(asked.stdout), document)
    })
  )

  it.effect("makes a module that the strictest compiler takes, and that is refused until it is written", () =>
    Effect.gen(function* () {
      const cwd = yield* directory({ "package.json": '{ "type": "module" }' })
      symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"))
      const made = yield* start([node, bin, "migrate", "new", "a", "--module", "--json"], { cwd }).ended
      const [file = ""] = JSON.parse(made.stdout).created
      const flags =
        "--noEmit --strict --noUnusedLocals --noUnusedParameters --allowUnreachableCode false --skipLibCheck"
      const compiler = [
        node,
        join(root, "node_modules/typescript/bin/tsc"),
        ...flags.split(" "),
        "--module",
        "nodenext"
      ]
      const compiled = yield* start([...compiler, "--target", "es2022", file], { cwd }).ended
      assert.deepStrictEqual([compiled.code, compiled.stdout], [0, ""])
      const { code, stdout } = yield* start([node, bin, "migrate", "up", "--json"], { cwd, env: yield* urlOf }).ended
      assert.strictEqual(code, 1)
      assert.include(JSON.parse(stdout).error.message, "write the migration, and delete this line")
    }).pipe(Effect.scoped)
  )

  it.effect("takes ./migrations of the directory that it is started in, and ends with the code of the answer", () =>
    Effect.gen(function* () {
      const cwd = yield* directory({ "migrations/1_a.up.sql": "CREATE TABLE from_cwd ()" })
      const env = yield* urlOf
      const checked = yield* start([node, bin, "migrate", "status", "--check", "--json"], { cwd, env }).ended
      assert.strictEqual(checked.code, 3)
      const { pending } = JSON.parse(checked.stdout)
      assert.deepInclude(pending.at(-1), { namespace: "app", id: "1", name: "a", state: "pending" })
    }).pipe(Effect.scoped)
  )

  it.effect("runs a module and a file whatever the rest of their names holds", () =>
    Effect.gen(function* () {
      const odd = `it's "100%" #1? $a 😀`
      const module = `import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}
        export const up = Effect.void`
      const cwd = yield* directory({ [`odd/1_${odd}.mjs`]: module, [`odd/2_${odd}.up.sql`]: "SELECT 1" })
      const command = [node, bin, "migrate", "up", "--dir", "odd=odd", "--json"]
      const { code, stdout } = yield* start(command, { cwd, env: yield* urlOf }).ended
      assert.strictEqual(code, 0, stdout)
      const names = JSON.parse(stdout).applied.map(({ name, namespace }: Record<string, string>) => [namespace, name])
      assert.deepStrictEqual(names.slice(-2), [
        ["odd", odd],
        ["odd", odd]
      ])
      yield* scalar("DELETE FROM pgkeel.migrations WHERE namespace = 'odd'")
    }).pipe(Effect.scoped)
  )

  it.effect("is twenty at once that all end with 0, and one of which runs each migration", () =>
    Effect.gen(function* () {
      const ids = Array.from({ length: 12 }, (_, index) => String(index + 1))
      const cwd = yield* directory(
        Object.fromEntries(ids.map((id) => [`crowd/${id}_c.up.sql`, `CREATE TABLE crowd_${id} ();`]))
      )
      const env = yield* urlOf
      const command = [node, bin, "migrate", "up", "--dir", "crowd=crowd", "--json"]
      const ends = yield* Effect.all(
        Array.from({ length: 20 }, () => Effect.suspend(() => start(command, { cwd, env }).ended)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual([...new Set(ends.map(({ code }) => code))], [0], ends.map(({ stdout }) => stdout).join(""))
      const applied = ends.flatMap(({ stdout }) => JSON.parse(stdout).applied)
      const ran = applied.filter(({ namespace }: Record<string, string>) => namespace === "crowd")
      assert.deepStrictEqual(
        ran.map(({ id }: Record<string, string>) => id),
        ids
      )
    }).pipe(Effect.scoped)
  )

  // The scripts of zsh and fish need their shells, which hosts of tests seldom have; bash is wherever `.ci/run` runs.
  it.effect.skipIf(!hasBash)("completes subcommands and flags in a shell (bash's only)", () =>
    Effect.gen(function* () {
      const complete = (...words: ReadonlyArray<string>) => {
        const script = `source <('${node}' '${bin}' --completions bash)
          COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; COMP_LINE='${words.join(" ")}'
          _pgkeel; printf '%s\\n' "\${COMPREPLY[@]}"`
        return Effect.map(start(["bash", "-c", script]).ended, ({ stdout }) => stdout.trim().split("\n"))
      }
      assert.deepStrictEqual(yield* complete("pgkeel", "mig"), ["migrate"])
      assert.deepStrictEqual(yield* complete("pgkeel", "migrate", "st"), ["status"])
      assert.deepStrictEqual(yield* complete("pgkeel", "migrate", "down", "--st"), ["--steps"])
    })
  )

  it.effect("ends with 4 where the schema is not as the snapshot says", () =>
    Effect.gen(function* () {
      const cwd = yield* directory({ "migrations/schema.json": "" })
      const env = yield* urlOf
      const out = join("migrations", "schema.json")
      assert.strictEqual((yield* start([node, bin, "schema", "snapshot", "--out", out], { cwd, env }).ended).code, 0)
      yield* scalar("CREATE TABLE behind_its_back (id int)")
      const { code, stdout } = yield* start([node, bin, "schema", "verify"], { cwd, env }).ended
      assert.strictEqual(code, 4)
      assert.include(stdout, "+ table  public.behind_its_back\n")
      yield* scalar("DROP TABLE behind_its_back")
    }).pipe(Effect.scoped)
  )

  it.effect("drops its scratch database when it is interrupted", () =>
    Effect.gen(function* () {
      const cwd = yield* directory({ "slow.sql": "SELECT pg_sleep(600)", "empty.sql": "" })
      const diff = start([node, bin, "schema", "diff", "empty.sql", "slow.sql", "--json"], { cwd, env: yield* urlOf })
      yield* Effect.addFinalizer(() => Effect.sync(() => diff.child.kill("SIGKILL")))
      const named = `datname LIKE 'pgkeel\\_shadow\\_' ||
        (SELECT oid FROM pg_database WHERE datname = current_database()) || '\\_%'`
      const sleeping = `SELECT count(*)::int FROM pg_stat_activity WHERE ${named} AND query LIKE '%pg_sleep(600)%'`
      yield* eventually(
        Effect.filterOrFail(
          scalar(sleeping),
          (count) => count === 1,
          () => "not yet"
        )
      )
      diff.child.kill("SIGTERM")
      const { code, stdout } = yield* diff.ended
      assert.strictEqual(code, 130)
      assert.deepInclude(JSON.parse(stdout).error, { tag: "Interrupted" })
      assert.strictEqual(yield* scalar(`SELECT count(*)::int FROM pg_database WHERE ${named}`), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("reads the pgkeel.config of that directory, and refuses two of them, and one that Node cannot read", () =>
    Effect.gen(function* () {
      const cwd = yield* directory({
        "package.json": '{ "type": "module" }',
        "pgkeel.config.ts": 'export default { dir: "configured=./db" } satisfies object',
        "db/1_c.up.sql": "SELECT 1"
      })
      const status = [node, bin, "migrate", "status", "--json"]
      const { stderr, stdout } = yield* start(status, { cwd, env: yield* urlOf }).ended
      const { pending } = JSON.parse(stdout)
      assert.deepInclude(pending.at(-1), { namespace: "configured", id: "1", name: "c" }, stderr)
      yield* write(cwd, { "pgkeel.config.json": "{}" })
      const refused = yield* start(status, { cwd, env: yield* urlOf }).ended
      assert.strictEqual(refused.code, 2)
      assert.include(JSON.parse(refused.stdout).error.message, "pgkeel.config.json is there too: keep one of them")
      yield* write(cwd, {
        "pgkeel.config.json": undefined,
        "pgkeel.config.ts": "enum Colour { Red }\nexport default {}"
      })
      const unsupported = yield* start(status, { cwd, env: yield* urlOf }).ended
      assert.strictEqual(unsupported.code, 2)
      assert.match(
        JSON.parse(unsupported.stdout).error.message,
        /^pgkeel\.config\.ts cannot be used: it cannot be imported/u
      )
    }).pipe(Effect.scoped)
  )

  it.effect("ends with its code whatever a migration has left running", () =>
    Effect.gen(function* () {
      const module = `import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}
        setInterval(() => {}, 1000)
        export const up = Effect.fail("not now")`
      const cwd = yield* directory({ "left/1_a.mjs": module })
      const { code, stdout } = yield* start([node, bin, "migrate", "up", "--dir", "left=left", "--json"], {
        cwd,
        env: yield* urlOf
      }).ended
      assert.strictEqual(code, 1)
      assert.include(stdout, "not now")
    }).pipe(Effect.scoped)
  )

  it.effect("keeps standard output for its document, whatever a migration prints", () =>
    Effect.gen(function* () {
      const cwd = yield* directory({
        "migrations/1_a.mjs": `
          import * as Console from "${join(root, "node_modules/effect/dist/Console.js")}"
          console.log("loading")
          process.stdout.write("by itself\\n")
          export const up = Console.log("running")
        `
      })
      const { code, stderr, stdout } = yield* start(
        [node, bin, "migrate", "up", "--dir", "printing=migrations", "--json"],
        {
          cwd,
          env: yield* urlOf
        }
      ).ended
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(JSON.parse(stdout).applied.at(-1).name, "a")
      assert.include(stderr, "loading\n")
      assert.include(stderr, "by itself\n")
      assert.include(stderr, "running\n")
    }).pipe(Effect.scoped)
  )

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it.effect(`rolls back on ${signal}, and says what was done before in one document`, () =>
      Effect.gen(function* () {
        const cwd = yield* directory({
          "migrations/10_a.up.sql": `CREATE TABLE kept_${signal} ()`,
          "migrations/11_b.up.sql": `CREATE TABLE gone_${signal} (); SELECT pg_sleep(600), '${signal}';`
        })
        const { child, ended } = start([node, bin, "migrate", "up", "--dir", `${signal}=migrations`, "--json"], {
          cwd,
          env: yield* urlOf
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => child.kill("SIGKILL")))
        const sleeping = `SELECT count(*)::int FROM pg_stat_activity
          WHERE query LIKE '%pg_sleep(600), ''${signal}''%' AND pid <> pg_backend_pid() AND state = 'active'`
        yield* eventually(Effect.flatMap(scalar(sleeping), (n) => (n === 1 ? Effect.void : Effect.fail("not yet"))))
        child.kill(signal)
        const { code, stderr, stdout } = yield* ended
        assert.strictEqual(code, 130, stderr)
        const document = JSON.parse(stdout)
        assert.strictEqual(document.ok, false)
        assert.strictEqual(document.error.tag, "Interrupted")
        assert.strictEqual(document.applied.at(-1).id, "10")
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual(
          yield* sql.unsafe(`SELECT to_regclass('kept_${signal}') IS NOT NULL AS kept,
            to_regclass('gone_${signal}') IS NULL AS gone`),
          [{ kept: true, gone: true }]
        )
      }).pipe(Effect.scoped)
    )
  }
})
