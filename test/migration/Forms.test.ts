import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { compareIds, idKey } from "../../src/migration/internal/migration.ts"
import { load } from "../../src/migration/internal/loader.ts"
import { changingNothing, directory, exists, history, migratorOf, reasonOf, scalar, test, write } from "./support.ts"

const sections = (up: string, down?: string) =>
  `-- migrate:up\n${up}\n` + (down === undefined ? "" : `\n-- migrate:down\n${down}\n`)

const loaded = (path: string) =>
  Effect.map(load([{ namespace: "app", directory: path }]), (sources) =>
    sources.flatMap(({ migrations }) => migrations)
  )

const refusal = (files: Record<string, string>) =>
  Effect.flatMap(directory(files), (path) => reasonOf(load([{ namespace: "app", directory: path }])))

describe("ids", () => {
  const ordered = [
    "0",
    "1",
    "2",
    "0-3",
    "10",
    "20190227",
    "2019-02-26-002946",
    "2019-02-26-002946-0000",
    "20190226002946-0001",
    "20190227170003",
    "20190227170003123",
    "20190227170004",
    "99999999999999",
    "100000000000000",
    "R__1",
    "R__a",
    "R__b"
  ]
  it("are numbers of any length, times where they begin with one, and dashes do not count", () => {
    for (const [i, left] of ordered.entries()) {
      for (const [j, right] of ordered.entries()) {
        assert.strictEqual(Math.sign(compareIds(left, right)), Math.sign(i - j), `${left} and ${right}`)
      }
    }
  })

  it("are the same with other leading zeros and dashes", () => {
    assert.strictEqual(idKey("0007"), idKey("7"))
    assert.strictEqual(idKey("2019-02-26-002946"), idKey("20190226002946"))
    assert.strictEqual(compareIds("00", "0-0"), 0)
    assert.notStrictEqual(idKey("20190226002946"), idKey("20190226002946-0000"))
  })
})

describe("forms of migrations", () => {
  test("runs all of them up, down and up again, in the order of their ids", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_pair.up.sql": "CREATE TABLE pair ()",
        "1_pair.down.sql": "DROP TABLE pair",
        "2_sections.sql": sections("CREATE TABLE sections ()", "DROP TABLE sections"),
        "2019-02-26-002946-0000_folder/up.sql": "CREATE TABLE folder ()",
        "2019-02-26-002946-0000_folder/down.sql": "DROP TABLE folder",
        "2019-02-26-002946-0000_folder/README.md": "why",
        "20190227170003-dashed name/up.sql": "CREATE TABLE dashed ()",
        "20190227170003-dashed name/down.sql": "DROP TABLE dashed",
        "R__b.sql": "CREATE OR REPLACE VIEW b AS SELECT * FROM a",
        "R__a.sql": "CREATE OR REPLACE VIEW a AS SELECT 1 AS one"
      })
      const migrator = yield* migratorOf(path)
      const { applied } = yield* migrator.up()
      assert.deepStrictEqual(
        applied.map(({ id, kind, name }) => [id, name, kind]),
        [
          ["1", "pair", "sql"],
          ["2", "sections", "sql"],
          ["2019-02-26-002946-0000", "folder", "sql"],
          ["20190227170003", "dashed name", "sql"],
          ["R__a", "a", "repeatable"],
          ["R__b", "b", "repeatable"]
        ]
      )
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      const { reverted } = yield* migrator.down({ all: true })
      assert.strictEqual(reverted.length, 4)
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'"), 0)
      assert.strictEqual((yield* migrator.up()).applied.length, 6)
    }))

  test("keeps a migration's checksum when it changes its form, its line ends or its down", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.sql": sections("SELECT 1;\nSELECT 2;") })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* write(path, {
        "1_a.sql": `\uFEFF-- why\n${sections("SELECT 1;\nSELECT 2;", "SELECT 3")}`.replaceAll("\n", "\r\n")
      })
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      yield* write(path, { "1_a.sql": undefined, "1_a/up.sql": "SELECT 1;\nSELECT 2;", "1_a/down.sql": "SELECT 4" })
      assert.deepStrictEqual(yield* migrator.up(), { applied: [] })
      yield* write(path, { "1_a/up.sql": "SELECT 1;\nSELECT 5;" })
      assert.strictEqual((yield* reasonOf(migrator.up()))._tag, "ChecksumMismatch")
    }))

  test("finds verify scripts beside each of the forms", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "SELECT 1",
        "1_a.verify.sql": "SELECT 1",
        "2_b.sql": sections("SELECT 1"),
        "2_b.verify.sql": "SELECT 1",
        "3_c/up.sql": "SELECT 1",
        "3_c/verify.sql": "SELECT 1",
        "4_d.mjs": "",
        "5_e.up.sql": "SELECT 1",
        "R__f.sql": "SELECT 1",
        "R__f.verify.sql": "SELECT 1"
      })
      assert.deepStrictEqual(
        (yield* loaded(path)).map(({ verify }) => verify?.file),
        ["1_a.verify.sql", "2_b.verify.sql", "3_c/verify.sql", "4_d.mjs", undefined, "R__f.verify.sql"]
      )
    }))

  test("has no down where a section is not there or empty, and one where a comment says that there is nothing to do", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.sql": sections("SELECT 1"),
        "2_b.sql": sections("SELECT 1", " \n\n"),
        "3_c.sql": sections("SELECT 1", "-- nothing to undo")
      })
      const downs = (yield* loaded(path)).map(({ down }) => down !== undefined)
      assert.deepStrictEqual(downs, [false, false, true])
      const reason = yield* reasonOf(
        Effect.andThen((yield* migratorOf(path)).up(), (yield* migratorOf(path)).down({ all: true }))
      )
      assert(reason._tag === "DownMissing")
      assert.deepStrictEqual([...reason.migrations], ["2_b.sql (app)", "1_a.sql (app)"])
    }))

  test("takes a marker in a string, a dollar quote or a comment for what it is", () =>
    Effect.gen(function* () {
      const up = [
        "/* -- migrate:up",
        "-- migrate:down /* */ */",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $x$ SELECT '",
        "-- migrate:down",
        "' $x$;",
        `CREATE TABLE a ("`,
        `-- migrate:down" text DEFAULT E'\\'`,
        `-- migrate:up');`
      ].join("\n")
      const path = yield* directory({ "1_a.sql": sections(up, "DROP FUNCTION f(); DROP TABLE a") })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      assert.strictEqual(yield* scalar("SELECT f()"), "\n-- migrate:down\n")
      yield* migrator.down({ all: true })
      assert.strictEqual(yield* exists("a"), false)
    }))

  test("finds the sections behind rows of a COPY with open quotes, and markers among them", () =>
    Effect.gen(function* () {
      const up = "CREATE TABLE a (x text);\nCOPY a FROM stdin;\nit's\n-- migrate:down\n\\."
      const path = yield* directory({ "1_a.sql": sections(up, "DROP TABLE a") })
      const [migration] = yield* loaded(path)
      assert(migration?.up._tag === "Sql" && migration.down?._tag === "Sql")
      assert.include(yield* migration.up.text, "\n-- migrate:down\n\\.")
      assert.strictEqual((yield* migration.down.text).trim(), "-- migrate:down\nDROP TABLE a")
    }))

  test("points into the file from inside a section", () =>
    Effect.gen(function* () {
      const path = yield* directory({ "1_a.sql": `-- why\n\n${sections("SELECT 1", "  SELECT nothing")}` })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      const reason = yield* reasonOf(migrator.down({ all: true }))
      assert(reason._tag === "StatementFailed")
      assert.deepInclude({ ...reason }, { file: "1_a.sql", direction: "down", line: 7, column: 10 })
    }))
})

describe("repeatable migrations", () => {
  test("run again when they have changed, after what is new, and not otherwise", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (x int)",
        "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT x FROM a"
      })
      const migrator = yield* migratorOf(path)
      const ids = Effect.map(migrator.up(), ({ applied }) => applied.map(({ id }) => id))
      assert.deepStrictEqual(yield* ids, ["1", "R__v"])
      yield* write(path, { "2_b.up.sql": "ALTER TABLE a ADD y int" })
      assert.deepStrictEqual(yield* ids, ["2"])
      yield* write(path, {
        "3_c.up.sql": "ALTER TABLE a ADD z int",
        "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT x, y, z FROM a"
      })
      assert.deepStrictEqual(yield* ids, ["3", "R__v"])
      assert.deepStrictEqual(yield* ids, [])
      yield* write(path, { "R__v.sql": undefined })
      assert.deepStrictEqual(yield* ids, [])
    }))

  test("make again what a down has dropped with its table, also if the way up fails in between", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a (x int)",
        "1_a.down.sql": "DROP TABLE a CASCADE",
        "2_b.up.sql": "CREATE TABLE b ()",
        "2_b.down.sql": "-- pgkeel:no-transaction\nDROP TABLE b",
        "R__v.sql": "CREATE OR REPLACE VIEW v AS SELECT x FROM a"
      })
      const migrator = yield* migratorOf(path)
      yield* migrator.up()
      yield* migrator.down({ all: true })
      yield* write(path, { "2_b.up.sql": "SELECT nothing" })
      yield* reasonOf(migrator.up())
      assert.strictEqual(yield* exists("v"), false)
      yield* write(path, { "2_b.up.sql": "CREATE TABLE b ()" })
      yield* migrator.up()
      assert.strictEqual(yield* exists("v"), true)
      yield* migrator.down({ steps: 1 })
      assert.strictEqual((yield* migrator.up()).applied.length, 2)
      assert.deepStrictEqual(
        (yield* history).map(({ state }) => state),
        ["applied", "applied", "applied"]
      )
    }))
})

changingNothing((it) => {
  const wrong: ReadonlyArray<readonly [files: Record<string, string>, message: RegExp]> = [
    [
      { "1_a.sql": "SELECT 1" },
      /it has no line `-- migrate:up`; put one above its statements, or rename it to 1_a\.up\.sql$/
    ],
    [{ "1_a.sql": "-- migrate:pu\nSELECT 1" }, /its line `-- migrate:pu` marks no section; write `-- migrate:up`$/],
    [
      { "1_a.sql": "-- migrate down\nSELECT 1" },
      /its line `-- migrate down` marks no section; write `-- migrate:down`$/
    ],
    [{ "1_a.sql": "-- +goose Up\nSELECT 1" }, /write `-- migrate:up` for its line `-- \+goose Up`$/],
    [{ "1_a.sql": "-- Up Migration\nSELECT 1" }, /write `-- migrate:up` for its line `-- Up Migration`$/],
    [{ "1_a.sql": "-- migrate:down\nSELECT 1" }, /its first section, at line 1, must be `-- migrate:up`$/],
    [
      { "1_a.sql": sections("SELECT 1") + sections("SELECT 2") },
      /another section `-- migrate:up` at line 3; make one of them$/
    ],
    [{ "1_a.sql": sections("1", "2") + "-- migrate:down" }, /another section `-- migrate:down` at line 6; make/],
    [
      { "1_a.sql": `/* why */\nSELECT 1;\n${sections("SELECT 2")}` },
      /a statement before its first section, at line 2; move it below/
    ],
    [
      { "1_a.sql": sections("SELECT 1"), "1_a.down.sql": "SELECT 1" },
      /put its statements below a line `-- migrate:down` of 1_a\.sql/
    ],
    [
      { "1_a.up.sql": sections("CREATE TABLE a ()", "DROP TABLE a") },
      /its line 4, `-- migrate:down`, marks a section, .* run as well; rename it to 1_a\.sql, .* to 1_a\.down\.sql$/
    ],
    [{ "1_a.up.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2" }, /its line 3, `-- \+goose Down`, marks/],
    [{ "1_a.up.sql": "SELECT 1;\n-- Down Migration\nSELECT 2" }, /its line 2, `-- Down Migration`, marks/],
    [{ "1_a/up.sql": sections("SELECT 1", "SELECT 2") }, /1_a\/up\.sql cannot be .*; put each direction into a file/],
    [{ "R__v.sql": sections("SELECT 1", "SELECT 2") }, /a repeatable migration has no sections: remove them$/],
    [{ "1_a.ts": "", "1_a.down.sql": "SELECT 1" }, /export `down` from 1_a\.ts instead$/],
    [{ "1_a.ts": "", "1_a.verify.sql": "SELECT 1" }, /export `verify` from 1_a\.ts instead$/],
    [{ "1_a/down.sql": "SELECT 1" }, /1_a\/down\.sql cannot be .*: there is no up\.sql beside it$/],
    [{ "1_a/ups.sql": "SELECT 1" }, /1_a\/ups\.sql cannot be .*: rename it to up\.sql$/],
    [{ "1_a/up.sql": "", "1_a/up.ts": "" }, /a folder that is a migration has an up\.sql/],
    [{ "1_a/up.sql.txt": "" }, /rename it to up\.sql$/],
    [{ "users/up.sql": "" }, /users cannot be .*: it has up\.sql, .* no id; rename it to <id>_users$/],
    [{ "users/notes.txt": "", "users/verify.sql": "" }, /it has verify\.sql, and its name begins with no id/],
    [{ "R__names/up.sql": "" }, /R__names cannot be .*: it has up\.sql/],
    [{ "1_a/notes.txt": "" }, /1_a cannot be .*: a folder with such a name is a migration, and it has no up\.sql$/]
  ]
  const notes = [
    "SELECT 1;\n-- Down migration\n-- DROP TABLE a;",
    "SELECT 1;\n-- migrate:down\n/* DROP TABLE a; */",
    "SELECT 1;\n/*\n-- Down Migration\nDROP TABLE a;\n*/",
    "SELECT 'write\n-- +goose Down\nin it';",
    "DO $$ BEGIN\n-- down migration\nNULL; END $$;",
    "-- Up Migration\nSELECT 1;"
  ]
  for (const text of notes) {
    it.effect(`takes 1_a.up.sql with ${JSON.stringify(text)} as it is: nothing runs in it that should not`, () =>
      Effect.gen(function* () {
        const [migration] = yield* loaded(yield* directory({ "1_a.up.sql": text }))
        assert.strictEqual(migration?.id, "1")
      })
    )
  }

  for (const [files, message] of wrong) {
    it.effect(`refuses ${JSON.stringify(files)}, and says what would be right`, () =>
      Effect.gen(function* () {
        const reason = yield* refusal(files)
        assert.strictEqual(reason._tag, "InvalidFile")
        assert.match(reason.message, message)
      })
    )
  }

  const twice: ReadonlyArray<readonly [string, string]> = [
    ["1_a.up.sql", "01_b/up.sql"],
    ["1_a.sql", "1_a.up.sql"],
    ["2019-02-26-002946_a/up.sql", "20190226002946_a.mjs"],
    ["1_a/up.sql", "1-a/up.sql"]
  ]
  for (const files of twice) {
    it.effect(`refuses ${files.join(" and ")}, which have the same id`, () =>
      Effect.gen(function* () {
        const reason = yield* refusal(Object.fromEntries(files.map((file) => [file, sections("SELECT 1")])))
        assert(reason._tag === "Duplicate")
        assert.sameMembers([...reason.files], [...files])
      })
    )
  }

  it.effect("says of a file that cannot be read why not", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const path = yield* directory({ "2_b.up.sql/notes.txt": "" })
      assert.match((yield* reasonOf(load([{ namespace: "app", directory: path }]))).message, /: it is not a file$/)
      const inside = yield* reasonOf(load([{ namespace: "app", directory: join(path, "2_b.up.sql/notes.txt") }]))
      assert.match(inside.message, /"app" cannot be read: it is not a directory; /)
      const kept = yield* directory({ "1_a.up.sql": "SELECT 1" })
      yield* fs.chmod(join(kept, "1_a.up.sql"), 0)
      // Whoever may read everything, as root may, is not refused.
      if (yield* Effect.isSuccess(fs.readFile(join(kept, "1_a.up.sql")))) return
      const mine = yield* reasonOf(load([{ namespace: "app", directory: kept }]))
      assert.match(mine.message, /1_a\.up\.sql cannot be used as a migration: this process may not read it$/)
    })
  )

  it.effect("says of a folder that cannot be read why not", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const path = yield* directory({})
      yield* fs.symlink(join(path, "nowhere"), join(path, "1_a"))
      const reason = yield* reasonOf(load([{ namespace: "app", directory: path }]))
      assert.match(reason.message, /1_a cannot be used as a migration: it does not exist$/)
    })
  )
})
