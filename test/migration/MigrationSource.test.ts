import { assert, describe } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { SqlClient } from "effect/sql"
import { spawnSync } from "node:child_process"
import * as MigrationSource from "../../src/migration/MigrationSource.ts"
import {
  changingNothing,
  directory,
  exists,
  history,
  makeMigrator,
  migratorOf,
  reasonOf,
  scalar,
  test,
  write
} from "./support.ts"

const up = (files: Record<string, string | Uint8Array>) =>
  Effect.flatMap(Effect.flatMap(directory(files), migratorOf), (migrator) => migrator.up())

describe("MigrationSource, files", () => {
  test("compares ids as numbers of any length, with gaps and leading zeros", () =>
    Effect.gen(function* () {
      const { applied } = yield* up({
        "20260101120000000000000000002_d.up.sql": "SELECT 1",
        "20260101120000000000000000001_c.up.sql": "-- a comment\nSELECT 1",
        "10_b ü.up.sql": "SELECT 1",
        "0002_a.up.sql": "SELECT 1"
      })
      assert.deepStrictEqual(
        applied.map(({ name }) => name),
        ["a", "b ü", "c", "d"]
      )
    }))

  test("knows a migration again whose file has gained leading zeros", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.up.sql": "SELECT 1", "1_a.down.sql": "SELECT 1" })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, {
        "1_a.up.sql": undefined,
        "1_a.down.sql": undefined,
        "001_a.up.sql": "SELECT 1",
        "001_a.down.sql": "SELECT 1"
      })
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      yield* migrator.down({ all: true })
      yield* migrator.up()
      assert.deepStrictEqual(
        (yield* history).map(({ id, state }) => [id, state]),
        [["1", "applied"]]
      )
    }))

  test("passes over what is no migration", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const path = yield* directory({
        "README.md": "x",
        ".DS_Store": "x",
        ".gitkeep": "",
        "1_a.d.ts": "x",
        "1_a.js.map": "x",
        "helpers.ts": "x",
        "seeds/a.sql": "x",
        "billing/1_a.up.sql": "x",
        LICENSE: "x",
        "2_data.csv": "x",
        "2_notes.md": "x",
        "2024-11-22.txt": "x",
        "1_a.up.sql": "SELECT 1",
        "1_a.up.sql~": "x",
        ".1_a.up.sql.swp": "x",
        "1_a.up.sql.swp": "x",
        "1_a.up.sql.orig": "x",
        "1_a.up.sql.bak": "x",
        "#1_a.up.sql#": "x"
      })
      yield* fs.makeDirectory(join(path, "empty"))
      assert.strictEqual((yield* (yield* migratorOf(path)).up()).applied.length, 1)
    }))

  test("takes any character in the rest of a name, in each of the forms", () =>
    Effect.gen(function* () {
      const odd = `it's "100%" #1? $a [b] {c} ü 漢 😀`
      const effect = JSON.stringify(import.meta.resolve("effect/Effect"))
      const module = `import * as Effect from ${effect}\nexport const up = Effect.void`
      const path = yield* directory({
        [`1_${odd}.up.sql`]: "SELECT 1",
        [`2_${odd}.sql`]: "-- migrate:up\nSELECT 1",
        [`3_${odd}/up.sql`]: "SELECT 1",
        // What a URL would take for its own is in the tests of processes: here modules are not loaded by Node.
        "4_it's $a [b] {c} ü 漢.mjs": module,
        [`R__${odd}.sql`]: "SELECT 1"
      })
      const { applied } = yield* (yield* migratorOf(path)).up()
      assert.deepStrictEqual(
        applied.map(({ id, name }) => [id, name]),
        [...["1", "2", "3"].map((id) => [id, odd]), ["4", "it's $a [b] {c} ü 漢"], [`R__${odd}`, odd]]
      )
    }))

  const refused: Record<string, RegExp> = {
    "1_a.sql": /rename it to 1_a\.up\.sql$/,
    "1_add.users.sql": /rename it to 1_add\.users\.up\.sql$/,
    "0002_b.uo.sql": /rename it to 0002_b\.up\.sql$/,
    "2_b.pu.sql": /rename it to 2_b\.up\.sql$/,
    "2_b.dwon.sql": /rename it to 2_b\.down\.sql$/,
    "2_b.dow.sql": /rename it to 2_b\.down\.sql$/,
    "1_a.UP.SQL": /rename it to 1_a\.up\.sql$/,
    "1-a.up.sql": /rename it to 1_a\.up\.sql$/,
    "2_b.up.sql.txt": /rename it to 2_b\.up\.sql$/,
    "2_b.sql.txt": /rename it to 2_b\.up\.sql$/,
    "2_b.mjs.txt": /rename it to 2_b\.mjs$/,
    "2_b.up.sqll": /a migration is a file <id>_<name>.*; rename it, or move it/,
    "2_b.up": /a migration is a file <id>_<name>/,
    "2_b": /a migration is a file <id>_<name>/,
    "2_b.up.sql.disabled": /a migration is a file <id>_<name>/,
    "add_users.sql": /begins with no id/,
    "add_users.sql.txt": /begins with no id/,
    "1_.up.sql": /a migration is a file <id>_<name>/,
    "r__views.sql": /rename it to R__views\.sql$/,
    "R_views.sql": /rename it to R__views\.sql$/,
    "R__views.up.sql": /rename it to R__views\.sql$/,
    "R__views.down.sql": /a repeatable migration has no down/,
    "R__views.verify.sql": /there is no R__views\.sql beside it/,
    "V1__users.sql": /rename it to 1_users\.up\.sql$/,
    "U1__users.sql": /rename it to 1_users\.down\.sql$/,
    "1_a.undo.sql": /rename it to 1_a\.down\.sql$/,
    "1_a.rollback.sql": /rename it to 1_a\.down\.sql$/,
    "1_a.up.ts": /a module exports `up`, `down` and `verify`: rename it to 1_a\.ts$/,
    "R__views.ts": /a repeatable migration is SQL, R__<name>\.sql; give a module an id$/,
    "1_a.verfy.sql": /rename it to 1_a\.verify\.sql$/,
    "2021-03-04-b.up.sql": /rename it to 2021-03-04_b\.up\.sql$/,
    "2--b.up.sql": /rename it to 2_b\.up\.sql$/,
    "1a_b.ts": /a migration is a file <id>_<name>/,
    "1_a.cjs": /a migration is a file <id>_<name>/,
    "1_a.down.sql": /there is no 1_a\.up\.sql beside it/,
    "1_a.verify.sql": /there is no 1_a\.up\.sql beside it/
  }
  changingNothing((it) => {
    for (const [file, message] of Object.entries(refused)) {
      it.effect(`refuses ${file}, and says how it should be called`, () =>
        Effect.gen(function* () {
          const reason = yield* reasonOf(up({ [file]: "SELECT 1" }))
          assert.strictEqual(reason._tag, "InvalidFile")
          assert.match(reason.message, message)
          assert.include(reason.message, file)
        })
      )
    }
  })

  test("refuses the same id twice, and a namespace given twice", () =>
    Effect.gen(function* () {
      const twice = yield* reasonOf(up({ "1_a.up.sql": "SELECT 1", "01_b.ts": "export const up = 1" }))
      assert(twice._tag === "Duplicate")
      assert.sameMembers([...twice.files], ["1_a.up.sql", "01_b.ts"])
      const source = { namespace: "app", migrations: [] }
      const namespaces = yield* reasonOf((yield* makeMigrator({ sources: [source, source] })).up())
      assert.strictEqual(namespaces.message, 'two sources have the namespace "app": give each its own')
    }))

  test("names the directory that is missing, and the variable and the option that may have named it", () =>
    Effect.gen(function* () {
      const reason = yield* reasonOf((yield* migratorOf("/nowhere/migrations")).status())
      assert(reason._tag === "DirectoryUnreadable")
      assert.strictEqual(
        reason.message,
        'the directory /nowhere/migrations of the migrations "app" cannot be read: it does not exist; create it, ' +
          "or correct what names it: PGKEEL_MIGRATIONS, the option `migrations`, or the source's `directory`"
      )
    }))

  test("refuses bytes that are not UTF-8, and a NUL, behind which the parser would see nothing", () =>
    Effect.gen(function* () {
      const latin = yield* reasonOf(up({ "1_a.up.sql": new Uint8Array([0x2d, 0x2d, 0xe9]) }))
      assert.include(latin.message, "it is not UTF-8")
      const nul = yield* reasonOf(up({ "1_a.up.sql": "SELECT 1;\0SELECT 2" }))
      assert.include(nul.message, "NUL")
      yield* up({ "1_a.up.sql": "SELECT '\uFFFD'" })
    }))

  test("finds the package's own directory beside src and dist", () =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const own = yield* path.fromFileUrl(new URL(MigrationSource.own.directory))
      const top = yield* path.fromFileUrl(new URL("../../migrations/", import.meta.url))
      assert.strictEqual(path.resolve(own), path.resolve(top))
    }))
})

describe("MigrationSource.own", () => {
  test("goes up, down and up again", () =>
    Effect.gen(function* () {
      const migrator = yield* makeMigrator({ sources: [MigrationSource.own] })
      const { applied } = yield* migrator.up()
      assert.isAbove(applied.length, 0)
      const { reverted } = yield* migrator.down({ all: true })
      assert.strictEqual(reverted.length, applied.length)
      assert.deepStrictEqual(yield* tablesOf("pgkeel"), ["migrations"])
      assert.strictEqual((yield* migrator.up()).applied.length, applied.length)
    }))
})

const tablesOf = Effect.fnUntraced(function* (schema: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT tablename FROM pg_tables WHERE schemaname = ${schema} ORDER BY 1`.values
  return rows.flat()
})

describe("MigrationSource, Effects", () => {
  const fixtures = new URL("./fixtures/modules/", import.meta.url)

  test("runs modules in TypeScript and JavaScript in the migration's transaction, up and down", () =>
    Effect.gen(function* () {
      const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: fixtures }] })
      const { applied } = yield* migrator.up()
      assert.deepStrictEqual(
        applied.map(({ kind, name }) => [name, kind]),
        [
          ["table", "module"],
          ["rows", "module"],
          ["more", "module"]
        ]
      )
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM modules"), 3)
      const noDown = yield* reasonOf(migrator.down({ all: true }))
      assert(noDown._tag === "DownMissing")
      assert.deepStrictEqual(noDown.migrations, ["3_more.mjs (app)"])
      assert.strictEqual(yield* exists("modules"), true)
    }))

  test("rolls a failed module back with everything it did, and keeps what it failed with", () =>
    Effect.gen(function* () {
      const failing = new URL("./fixtures/failing/", import.meta.url)
      const migrator = yield* makeMigrator({ sources: [{ namespace: "app", directory: failing }] })
      const reason = yield* reasonOf(migrator.up())
      assert(reason._tag === "EffectFailed")
      assert.strictEqual(
        reason.message,
        "migration 1_fails.ts (app) failed: no such luck; it was rolled back, correct it and run `pgkeel migrate up` again"
      )
      assert.strictEqual(yield* exists("half_way"), false)
      assert.deepInclude((yield* history)[0], { state: "failed", error: reason.message })
    }))

  const noEffects: Record<string, RegExp> = {
    "export const up = 1": /exports a number as `up`, which is no Effect: write `export const up = Effect\.gen\(/,
    "export const up = async () => {}": /exports a function as `up`, which is no Effect: export what it returns/,
    "export const up = Promise.resolve()": /exports a Promise as `up`, which is no Effect/,
    "export const down = 1": /exports no Effect as `up`: write `export const up = Effect\.gen\(/,
    "const soon = 1\n\nthrow new Error('at once')":
      /cannot be imported: at once \(\/.*\/2_b\.mjs, line 3, column 7\); correct the file; nothing was run$/,
    "import 'nowhere'": /cannot be imported: .*nowhere.*; correct the import, or install the package; nothing was run$/
  }
  changingNothing((it) => {
    for (const [text, message] of Object.entries(noEffects)) {
      it.effect(`refuses a module with ${JSON.stringify(text)} before anything runs, and says what to do`, () =>
        Effect.gen(function* () {
          const path = yield* directory({ "1_a.up.sql": "CREATE TABLE a ()", "2_b.mjs": text })
          assert.match((yield* reasonOf((yield* migratorOf(path)).up())).message, message)
          assert.strictEqual(yield* exists("a"), false)
        })
      )
    }
  })

  const up = `import * as Effect from ${JSON.stringify(import.meta.resolve("effect/Effect"))}; export const up = Effect.void`
  const slips: ReadonlyArray<readonly [exported: string, meant: string, first?: string]> = [
    ["transacton", "transaction"],
    ["Down", "down"],
    ["dwon", "down"],
    ["verfiy", "verify"],
    ["UP", "up", ""],
    ["pu", "up", ""]
  ]
  changingNothing((it) => {
    for (const [exported, meant, first = up] of slips) {
      it.effect(`refuses a module that exports \`${exported}\`, and says that \`${meant}\` was meant`, () =>
        Effect.gen(function* () {
          const path = yield* directory({
            "1_a.up.sql": "CREATE TABLE a ()",
            "2_b.mjs": `${first}\nexport const ${exported} = false`
          })
          const reason = yield* reasonOf((yield* migratorOf(path)).up())
          assert.strictEqual(reason._tag, "InvalidModule")
          assert.strictEqual(
            reason.message,
            `migration 2_b.mjs (app) exports \`${exported}\`, which means nothing: rename it to \`${meant}\`, or, if it is ` +
              "something else, to what is less like it; nothing was run"
          )
          assert.strictEqual(yield* exists("a"), false)
        })
      )
    }

    it.effect("lets a module export what is no slip, and what is like an export that it has", () =>
      Effect.gen(function* () {
        const others =
          "export const op = 1, own = 2, table = 3, index = 4; export const down = Effect.void; export default 5"
        const path = yield* directory({ "1_a.mjs": `${up}\n${others}` })
        assert.strictEqual((yield* (yield* migratorOf(path)).plan()).length, 1)
      })
    )
  })

  test("refuses a module whose `transaction` is no boolean, and runs one outside of any where it is false", () =>
    Effect.gen(function* () {
      const effect = JSON.stringify(import.meta.resolve("effect/Effect"))
      const client = JSON.stringify(import.meta.resolve("effect/sql/SqlClient"))
      const module = (transaction: string) => `
        import * as Effect from ${effect}
        import { SqlClient } from ${client}
        export const transaction = ${transaction}
        export const up = Effect.flatMap(SqlClient, (sql) => sql\`CREATE INDEX CONCURRENTLY t_id ON t (id)\`)`
      const path = yield* directory({ "1_t.up.sql": "CREATE TABLE t (id int)", "2_i.mjs": module('"false"') })
      const reason = yield* reasonOf((yield* migratorOf(path)).up())
      assert.strictEqual(reason._tag, "InvalidModule")
      assert.include(reason.message, "exports a string as `transaction`: write `export const transaction = false`")
      yield* write(path, { "2_i.mjs": module("false") })
      assert.strictEqual((yield* (yield* migratorOf(path)).up()).applied.length, 2)
      assert.strictEqual(yield* exists("t_id"), true)
    }))

  test("says of a module in a package that is CommonJS how it becomes one that is not", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "package.json": '{ "type": "commonjs" }', "1_a.ts": "export const up = 1" })
      // Only Node's own loader refuses it, and not the one that the tests run with.
      const advice = new URL("../../src/migration/internal/moduleAdvice.ts", import.meta.url)
      const program = `import { importFailure } from ${JSON.stringify(advice)}
        await import(process.argv[1]).catch((error) => console.log(importFailure(error)))`
      const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program, `${path}/1_a.ts?sha256=1`])
      assert.strictEqual(
        String(stdout).trim(),
        `cannot be imported: Unexpected token 'export' (${path}/1_a.ts, line 1); ` +
          'put `"type": "module"` into package.json, or call the file .mjs'
      )
    }))

  test("does not import a module that has nothing to do", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.mjs": "export { up } from './up.mjs'", "up.mjs": "" })
      const effect = JSON.stringify(import.meta.resolve("effect/Effect"))
      yield* write(path, { "up.mjs": `import * as Effect from ${effect}\nexport const up = Effect.void` })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, { "up.mjs": "throw new Error('imported')" })
      assert.deepStrictEqual(yield* (yield* migratorOf(path)).up(), { applied: [] })
    }))

  test("says of a statement in a module what to do inside a migration", () =>
    Effect.gen(function* () {
      const up = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT *\nFROM nowhere`)
      const migrator = yield* makeMigrator({
        sources: [{ namespace: "app", migrations: [{ id: "1", name: "asks", up }] }]
      })
      assert.strictEqual(
        (yield* reasonOf(migrator.up())).message,
        'migration 1_asks (app) failed: relation "nowhere" does not exist; create it before this statement, ' +
          "or name its schema; it was rolled back, correct it and run `pgkeel migrate up` again"
      )
    }))

  test("takes a failure that the Effect went on after for what it is", () =>
    Effect.gen(function* () {
      const swallows = Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.andThen(sql`CREATE TABLE swallowed ()`, Effect.ignore(sql`SELECT * FROM nowhere`))
      )
      const migrator = yield* makeMigrator({
        sources: [{ namespace: "app", migrations: [{ id: "1", name: "swallows", up: swallows }] }]
      })
      const reason = yield* reasonOf(migrator.up())
      assert.strictEqual(reason._tag, "EffectFailed")
      assert.include(reason.message, "a statement in it failed, and it went on")
      assert.strictEqual(yield* exists("swallowed"), false)
    }))

  test("keeps a statement of the application's own client in the migration's transaction", () =>
    Effect.gen(function* () {
      const application = yield* SqlClient.SqlClient
      const up = Effect.andThen(application`CREATE TABLE closed_over ()`, Effect.fail("too late"))
      const migrator = yield* makeMigrator({
        sources: [{ namespace: "app", migrations: [{ id: "1", name: "closes_over", up }] }]
      })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "EffectFailed")
      assert.strictEqual(yield* exists("closed_over"), false)
    }))

  test("turns a nested transaction into a savepoint, and a defect into a failure", () =>
    Effect.gen(function* () {
      const nested = Effect.flatMap(SqlClient.SqlClient, (sql) =>
        Effect.andThen(
          sql`CREATE TABLE nested (id int)`,
          Effect.andThen(
            Effect.ignore(
              sql.withTransaction(Effect.andThen(sql`INSERT INTO nested VALUES (1)`, sql`SELECT * FROM nowhere`))
            ),
            sql.withTransaction(sql`INSERT INTO nested VALUES (2)`)
          )
        )
      )
      const migrator = yield* makeMigrator({
        sources: [
          {
            namespace: "app",
            migrations: [
              { id: "1", name: "nests", up: nested },
              { id: "2", name: "dies", up: Effect.die(new Error("a bug")) }
            ]
          }
        ]
      })
      const reason = yield* reasonOf(migrator.up())
      assert.deepInclude({ ...reason }, { _tag: "EffectFailed", id: "2" })
      assert.include(reason.message, "a bug")
      assert.strictEqual(yield* scalar("SELECT string_agg(id::text, ',') FROM nested"), "2")
    }))
})
