/** `pgkeel schema`: a snapshot, what differs from it, and the schema as a picture. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Path, Redacted } from "effect"
import { systemError } from "effect/PlatformError"
import { SqlClient } from "effect/sql"
import { fileProblem } from "../../src/cli/internal/fileFailure.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { directory, test, write } from "../migration/support.ts"
import { freshClient, testServer } from "../support/Database.ts"
import { uniqueName } from "../support/Roles.ts"
import { cli, documentOf, onDatabase, type Surroundings } from "./support.ts"

interface Change {
  readonly kind: string
  readonly object: string
  readonly change: string
  readonly detail: string
}

const changesOf = (document: Record<string, unknown>) =>
  (document["changes"] as ReadonlyArray<Change>).map(({ change, kind, object }) => `${change} ${kind} ${object}`)

/** `schema` with `--json`: its code and its document. */
const json = Effect.fnUntraced(function* (args: ReadonlyArray<string>, around: Surroundings = {}) {
  const ended = yield* onDatabase(["schema", ...args, "--json"], around)
  return { code: ended.code, document: documentOf(ended), stderr: ended.stderr }
})

const failureOf = ({ document }: { readonly document: Record<string, unknown> }) => {
  assert.strictEqual(document["ok"], false)
  return document["error"] as { readonly tag: string; readonly code: string; readonly message: string }
}

const run = Effect.fnUntraced(function* (statements: string) {
  const sql = yield* SqlClient.SqlClient
  for (const statement of statements.split(";\n")) yield* sql.unsafe(statement)
})

const customer = "CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL)"
const shop = `${customer};\nCREATE TABLE purchase (customer int REFERENCES customer)`

/** A database with two tables, and its snapshot beside the migrations. */
const committed = Effect.gen(function* () {
  yield* run(shop)
  const dir = yield* directory({})
  const file = `${dir}/schema.json`
  const { code, document } = yield* json(["snapshot", "--out", file])
  assert.strictEqual(code, 0)
  assert.deepInclude(document, { ok: true, out: file })
  // Before PostgreSQL 15 the schema public is not as usual.
  assert.oneOf(document["objects"], [2, 3])
  return { dir, file }
})

/** The same for all tests that leave it as it is. */
class Committed extends Context.Service<Committed, { readonly dir: string; readonly file: string }>()(
  "pgkeel/test/Committed"
) {
  static readonly layer = Layer.effect(Committed, committed).pipe(
    Layer.provideMerge(Layer.mergeAll(freshClient(), NodeServices.layer))
  )
}

/** Databases that a command has made and not dropped, of a server that other tests use too. */
const scratches = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM pg_database
    WHERE datname LIKE 'pgkeel_shadow_' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '%'`
  return row?.n
})

/** A role that owns what the statements make, and goes with the test. */
const ownerOf = Effect.fnUntraced(function* (statements: string) {
  const sql = yield* SqlClient.SqlClient
  const owner = uniqueName()
  yield* Effect.acquireRelease(sql`CREATE ROLE ${sql(owner)}`, () =>
    Effect.ignore(Effect.andThen(sql`DROP OWNED BY ${sql(owner)}`, sql`DROP ROLE ${sql(owner)}`))
  )
  yield* sql`GRANT CREATE ON SCHEMA public TO ${sql(owner)}`
  yield* sql.withTransaction(Effect.andThen(sql`SET LOCAL ROLE ${sql(owner)}`, run(statements)))
  yield* sql`REVOKE CREATE ON SCHEMA public FROM ${sql(owner)}`
  return owner
})

describe("pgkeel schema", () => {
  test("writes a snapshot that the database is held to, and says each difference by its name", () =>
    Effect.gen(function* () {
      const { dir, file } = yield* committed
      const same = yield* json(["verify", "--dir", dir])
      assert.deepStrictEqual([same.code, same.document], [0, { ok: true, snapshot: file, changes: [] }])
      yield* run("ALTER TABLE customer ALTER email TYPE varchar(30);\nCREATE INDEX late ON customer (email)")
      const { code, document } = yield* json(["verify", "--snapshot", file])
      assert.strictEqual(code, 4)
      assert.isTrue(document["ok"])
      assert.deepStrictEqual(changesOf(document), [
        "changed column public.customer.email",
        "added index public.customer.late"
      ])
      const { code: exit, stdout } = yield* onDatabase(["schema", "verify", "--dir", dir])
      assert.strictEqual(exit, 4)
      assert.include(stdout, "~ column  public.customer.email  type: text -> character varying(30)\n")
      assert.include(stdout, "+ index   public.customer.late   CREATE INDEX late")
      assert.include(stdout, `\n\n2 differences from ${file}: undo what was changed by hand`)
    }))

  test("shows what is gone in red, what is new in green and what is otherwise in yellow", () =>
    Effect.gen(function* () {
      const { file } = yield* committed
      yield* run(
        "CREATE VIEW v AS SELECT 1;\nALTER TABLE customer DROP email;\nALTER TABLE customer SET (fillfactor = 50)"
      )
      const { stdout } = yield* onDatabase(["schema", "verify", "--snapshot", file], { terminal: true })
      for (const [colour, sign] of [
        [32, "+"],
        [31, "-"],
        [33, "~"]
      ])
        assert.include(stdout, `\u001B[${colour}m${sign}\u001B[39m`)
    }))

  test("leaves out what is to be ignored, by the flags or by the configuration file", () =>
    Effect.gen(function* () {
      const { dir, file } = yield* committed
      yield* run("COMMENT ON TABLE customer IS 'who buys';\nCREATE TABLE scratch_1 (id int)")
      const ignoring = ["--ignore", "comments", "--ignore", "table public.scratch_*"]
      const ignored = yield* json(["verify", "--snapshot", file, ...ignoring])
      assert.deepStrictEqual([ignored.code, ignored.document["changes"]], [0, []])
      const schema = { snapshot: "schema.json", ignore: ["comments"] }
      yield* write(dir, { "pgkeel.config.json": JSON.stringify({ schema }) })
      const configured = yield* json(["verify", "--config", `${dir}/pgkeel.config.json`])
      assert.deepStrictEqual([configured.code, changesOf(configured.document)], [4, ["added table public.scratch_1"]])
      const wrong = yield* json(["verify", "--snapshot", file, "--ignore", "nonsense"])
      assert.deepStrictEqual([wrong.code, failureOf(wrong).tag], [2, "UsageError"])
      assert.include(failureOf(wrong).message, "nonsense")
      const misspelt = yield* json(["verify", "--snapshot", file, "--ignore", "tabel audit"])
      assert.strictEqual(misspelt.code, 2)
      assert.include(
        failureOf(misspelt).message,
        '--ignore has "tabel audit", which is of a kind that there is not (did you'
      )
    }))

  test("prints the snapshot itself where no file is named, also what reads as a password", () =>
    Effect.gen(function* () {
      yield* run("CREATE TABLE login (note text DEFAULT 'password=secret', b text DEFAULT 'http://a:b@c')")
      const { code, stdout } = yield* onDatabase(["schema", "snapshot"])
      assert.strictEqual(code, 0)
      const { document } = yield* json(["snapshot"])
      assert.deepStrictEqual(document, { ok: true, snapshot: JSON.parse(stdout) })
      const dir = yield* directory({ "schema.json": stdout })
      assert.strictEqual((yield* json(["verify", "--dir", dir])).code, 0)
    }))

  test("makes what it runs the role's that is named, as migrations do", () =>
    Effect.gen(function* () {
      const owner = yield* ownerOf(shop)
      const dir = yield* directory({
        "shop.sql": shop,
        "migrations/1_shop.up.sql": shop,
        // What is about the real database is not done.
        "pgkeel.config.mjs": 'export default { hooks: { beforeAll: () => { throw new Error("called") } } }'
      })
      const file = `${dir}/schema.json`
      assert.strictEqual((yield* json(["snapshot", "--out", file])).code, 0)
      const role = ["--role", owner, "--config", `${dir}/pgkeel.config.mjs`]
      for (const name of ["shop.sql", "migrations"]) {
        const same = yield* json(["diff", `${dir}/${name}`, file, ...role])
        assert.deepStrictEqual([same.code, same.document], [0, { ok: true, changes: [] }], name)
      }
      const other = yield* json(["diff", `${dir}/shop.sql`, file])
      assert.deepStrictEqual(changesOf(other.document), [
        "changed table public.customer",
        "changed table public.purchase"
      ])
      for (const name of ["shop.sql", "migrations"]) {
        const nobody = yield* json(["diff", `${dir}/${name}`, file, "--role", `${owner}_2`])
        assert.deepStrictEqual([nobody.code, failureOf(nobody).tag], [2, "RoleRefused"], name)
        assert.include(failureOf(nobody).message, `"${owner}_2"`)
      }
      assert.strictEqual(yield* scratches, 0)
    }))
})

layer(Committed.layer, { excludeTestServices: true })("pgkeel schema, of what stays as it is", (it) => {
  it.effect("compares snapshots, databases, SQL and migrations with each other, whichever stands first", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const dump = `SET check_function_bodies = false;\n${shop};\nCOPY customer (id, email) FROM stdin;\n1\ta\n\\.\n`
      const dir = yield* directory({
        "dump.sql": dump,
        "sections.sql": `-- migrate:up\n${shop};\n-- migrate:down\nDROP TABLE customer;\n`,
        "more/1_customer.up.sql": shop,
        "more/2_refund.up.sql": "CREATE TABLE refund (id int)"
      })
      const url = Redacted.value((yield* TestDatabase).url)
      for (const [a, b] of [
        [file, `${dir}/dump.sql`],
        [`${dir}/sections.sql`, url]
      ] as const) {
        const { code, document } = yield* json(["diff", a, b])
        assert.deepStrictEqual([code, document], [0, { ok: true, changes: [] }], `${a} ${b}`)
      }
      const more = yield* json(["diff", file, `${dir}/more`])
      assert.deepStrictEqual([more.code, changesOf(more.document)], [4, ["added table public.refund"]])
      const less = yield* onDatabase(["schema", "diff", `${dir}/more`, url])
      assert.strictEqual(less.code, 4)
      assert.match(less.stdout, /^- table {2}public\.refund\n\n1 difference from .*more to postgres.*\n$/u)
      // Of the URL, only where the database is.
      const { password, username } = testServer()
      assert.notInclude(less.stdout, `${username}:`)
      const options = `${url}?password=${Redacted.value(password)}`
      const again = yield* onDatabase(["schema", "diff", options, file])
      assert.match(again.stdout, /^no difference between postgres(?:ql)?:\/\/[^@?]* and /u)
      assert.notInclude(less.stdout, `:${Redacted.value(password)}@`)
      assert.strictEqual(yield* scratches, 0)
    })
  )

  it.effect("needs no database for two files, and none of its own for a scratch database on another server", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const none = yield* cli(["schema", "diff", file, file, "--json"])
      assert.deepStrictEqual([none.code, documentOf(none)], [0, { ok: true, changes: [] }])
      const dir = yield* directory({ "a.sql": shop })
      const missing = yield* cli(["schema", "diff", file, `${dir}/a.sql`, "--json"])
      assert.deepStrictEqual([missing.code, failureOf({ document: documentOf(missing) }).code], [2, "PGK0002"])
      const shadow = Redacted.value((yield* TestDatabase).url)
      const beside = yield* cli(["schema", "diff", file, `${dir}/a.sql`, "--shadow", shadow, "--json"])
      assert.deepStrictEqual([beside.code, documentOf(beside)], [0, { ok: true, changes: [] }])
    })
  )

  it.effect("names the flag for another login where the one that there is may not make a scratch database", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const sql = yield* SqlClient.SqlClient
      const role = uniqueName()
      yield* Effect.acquireRelease(sql`CREATE ROLE ${sql(role)} LOGIN PASSWORD 'of-a-test'`, () =>
        Effect.ignore(sql`DROP ROLE ${sql(role)}`)
      )
      const url = new URL(Redacted.value((yield* TestDatabase).url))
      url.username = role
      url.password = "of-a-test"
      const dir = yield* directory({ "a.sql": shop, "db/1_a.up.sql": "SELECT 1" })
      const said = "because the login may not make one: permission denied to create database; "
      const cases = [
        [
          ["schema", "diff", file, `${dir}/a.sql`, "--url", url.href],
          "give one that may with --shadow URL, which serves"
        ],
        [["schema", "diff", file, `${dir}/db`, "--shadow", url.href], "grant the login of --shadow CREATEDB, or give"],
        [
          ["migrate", "plan", "--dir", `${dir}/db`, "--shadow", url.href],
          "grant the login of --shadow CREATEDB, or give"
        ]
      ] as const
      for (const [args, next] of cases) {
        const ended = yield* onDatabase([...args, "--json"])
        const failure = failureOf({ document: documentOf(ended) })
        assert.deepInclude(failure, { tag: "InsufficientPrivilege", code: "PGK5001" })
        assert.deepStrictEqual([ended.code, failure.message.includes(said + next)], [1, true], failure.message)
      }
    })
  )

  it.effect("draws the schema as Mermaid and as SVG, of whatever a schema can be read from", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const drawn = yield* onDatabase(["schema", "diagram", "--title", "Shop"])
      assert.strictEqual(drawn.code, 0)
      assert.include(drawn.stdout, "erDiagram")
      assert.include(drawn.stdout, "purchase")
      const fs = yield* FileSystem.FileSystem
      const { join } = yield* Path.Path
      const picture = join(yield* directory({}), "schema.svg")
      const written = yield* json(["diagram", "--out", picture])
      assert.deepStrictEqual([written.code, written.document], [0, { ok: true, format: "svg", out: picture }])
      const text = yield* fs.readFileString(picture)
      assert.match(text, /^<svg[^]*purchase[^]*<\/svg>\n$/u)
      const offline = yield* cli(["schema", "diagram", file, "--format", "svg", "--json"])
      assert.deepStrictEqual([offline.code, documentOf(offline)["diagram"]], [0, text])
      const chosen = yield* cli(["schema", "diagram", file, "--table", "cust*", "--columns", "keys"])
      assert.include(chosen.stdout, "customer")
      assert.notInclude(chosen.stdout, "purchase")
      assert.notInclude(chosen.stdout, "email")
    })
  )

  it.effect("draws no diagram of what is not there, and says what is", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      for (const [flags, said] of [
        [["--schema", "pubic"], "--schema pubic chooses no table: did you mean public?"],
        [["--schema", "shop"], "--schema shop chooses no table: there is public"],
        [["--schema", "public", "--schema", "shop*"], "--schema shop* chooses no table: there is public"],
        [["--table", "custmer"], "--table custmer chooses no table: did you mean customer?"],
        [["--table", "shop.*"], "--table shop.* chooses no table: there is public.customer, public.purchase"],
        [["--table", "customer", "--table", "orders"], "--table orders chooses no table: there is customer, purchase"]
      ] as const) {
        const ended = yield* json(["diagram", file, ...flags])
        assert.deepStrictEqual([ended.code, failureOf(ended).tag], [2, "UsageError"], said)
        assert.strictEqual(failureOf(ended).message, said)
      }
    })
  )

  it.effect("says of a file that is no good what is wrong with it, and what to do", () =>
    Effect.gen(function* () {
      const { dir, file } = yield* Committed
      const fs = yield* FileSystem.FileSystem
      const text = yield* fs.readFileString(file)
      yield* write(dir, {
        "edited.json": text.replace('"email"', '"mail"'),
        "newer.json": text.replace('"format": 1', '"format": 99'),
        "other.json": '{"hello": 1}',
        "text.json": "hello"
      })
      for (const [name, said] of [
        ["edited.json", "was edited"],
        ["newer.json", "upgrade pgkeel"],
        ["other.json", "is no snapshot"],
        ["text.json", "is no snapshot"],
        ["missing.json", "cannot be read"]
      ] as const) {
        const verified = yield* json(["verify", "--snapshot", `${dir}/${name}`])
        assert.deepStrictEqual([verified.code, failureOf(verified).tag], [2, "UnusableSnapshot"], name)
        assert.include(failureOf(verified).message, said)
        assert.include(failureOf(verified).message, name)
      }
      const none = yield* json(["verify", "--dir", yield* directory({})])
      assert.deepStrictEqual([none.code, failureOf(none).tag], [2, "UsageError"])
      assert.include(failureOf(none).message, "pgkeel schema snapshot --out")
      const missing = yield* json(["diff", file, `${dir}/nowhere.json`])
      assert.deepStrictEqual([missing.code, failureOf(missing).tag], [2, "UsageError"])
      assert.include(failureOf(missing).message, "nowhere.json is not there: give a snapshot file")
    })
  )

  it.effect("compares with what is no schema only where that is an answer, and says so otherwise", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const dir = yield* directory({
        "empty.sql": "",
        "folder.sql/notes.txt": "no migration",
        "dump.sql": `\\restrict a1B2\n\nSELECT pg_catalog.set_config('search_path', 'public', false);\n${shop};\n\n\\unrestrict a1B2\n`,
        "extension.sql": `CREATE EXTENSION citext;\n${shop};\n`,
        "elsewhere.sql": `\\connect elsewhere\n${shop};\n`,
        "nobody.sql": `${shop};\nALTER TABLE customer OWNER TO "${uniqueName()}";\n`,
        "half.sql": "SELECT 'half",
        "empty.json": "",
        "half.json": '{"format": 1, "objects": [',
        "list.json": "[]"
      })
      const gone = ["removed table public.customer", "removed table public.purchase"]
      for (const [name, code, expected] of [
        ["empty.sql", 4, gone],
        ["folder.sql", 4, gone],
        ["dump.sql", 0, []],
        ["extension.sql", 4, ["added extension citext"]]
      ] as const) {
        const ended = yield* json(["diff", file, `${dir}/${name}`])
        assert.deepStrictEqual([ended.code, changesOf(ended.document)], [code, [...expected]], name)
      }
      const twice = yield* json(["diff", `${dir}/dump.sql`, `${dir}/dump.sql`])
      assert.deepStrictEqual([twice.code, twice.document], [0, { ok: true, changes: [] }])
      for (const [argument, code, tag, said] of [
        [`${dir}/elsewhere.sql`, 1, "LoadFailed", "the psql command \\connect at line 1"],
        [`${dir}/nobody.sql`, 1, "LoadFailed", "does not exist"],
        [`${dir}/half.sql`, 1, "LoadFailed", "unterminated quoted string"],
        [`${dir}/empty.json`, 2, "UnusableSnapshot", "is no snapshot"],
        [`${dir}/half.json`, 2, "UnusableSnapshot", "is no snapshot"],
        [`${dir}/list.json`, 2, "UnusableSnapshot", "is no snapshot"],
        ["", 2, "UsageError", "an argument is empty: give a snapshot file"]
      ] as const) {
        const ended = yield* json(["diff", file, argument])
        assert.deepStrictEqual([ended.code, failureOf(ended).tag], [code, tag], argument)
        assert.include(failureOf(ended).message, said)
      }
      assert.strictEqual(yield* scratches, 0)
    })
  )

  it.effect("says where SQL cannot be run, and drops the scratch database", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const dir = yield* directory({
        "bad.sql": "CREATE TABLE a (id int);\nCREATE TABLE b (x nowhere.type);\n",
        "syntax.sql": "CREATE TABLE a (id int);\nCREATE TABEL b ();\n",
        "migrations/1_a.up.sql": "CREATE TABLE a (id int);\nSELECT 1 / 0;\n"
      })
      const shown = yield* onDatabase(["schema", "diff", file, `${dir}/bad.sql`])
      assert.strictEqual(shown.code, 1)
      assert.match(shown.stderr, /^error PGK0006 LoadFailed\n.*bad\.sql, line 2, column 19: /u)
      assert.include(shown.stderr, "2 | CREATE TABLE b (x nowhere.type);\n  |                   ^")
      for (const [name, said] of [
        ["syntax.sql", "line 2"],
        ["migrations", "1_a.up.sql, line 2"]
      ] as const) {
        const other = yield* json(["diff", file, `${dir}/${name}`])
        assert.deepInclude(failureOf(other), { tag: "LoadFailed", code: "PGK0006" }, name)
        assert.strictEqual(other.code, 1)
        assert.include(failureOf(other).message, said)
        assert.notInclude(failureOf(other).message, "migrate up")
      }
      assert.strictEqual(yield* scratches, 0)
    })
  )

  it.effect("fails on a database that cannot be reached, or a URL that is none", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const nobody = "postgres://me:s3cret@127.0.0.1:1/z"
      for (const args of [
        ["snapshot", "--url", nobody],
        ["verify", "--snapshot", file, "--url", nobody],
        ["diff", file, nobody],
        ["diagram", nobody]
      ]) {
        const ended = yield* json(args)
        assert.deepStrictEqual([ended.code, failureOf(ended).tag], [1, "ConnectionRefused"], args[0])
        assert.notInclude(JSON.stringify(ended), "s3cret")
      }
      const wrong = yield* json(["diff", file, "postgres://me:s3cret@127.0.0.1:port/z"])
      assert.deepStrictEqual([wrong.code, failureOf(wrong).tag], [2, "DatabaseConfigError"])
      assert.notInclude(JSON.stringify(wrong), "s3cret")
    })
  )

  it.effect("takes no flag and no argument that it does not know", () =>
    Effect.gen(function* () {
      for (const args of [
        ["snapshot", "--otu", "x"],
        ["verify", "extra"],
        ["diff", "only-one"],
        ["diagram", "--format", "png"],
        ["digaram"]
      ]) {
        const ended = yield* json(args)
        assert.deepStrictEqual([ended.code, failureOf(ended).tag], [2, "UsageError"], args.join(" "))
      }
    })
  )

  it.effect("writes no file where it cannot, and says so", () =>
    Effect.gen(function* () {
      const { file } = yield* Committed
      const dir = yield* directory({ "a.txt": "" })
      for (const [out, problem] of [
        ["nowhere/x.json", "it, or a directory above it, does not exist; make that, or give another path"],
        ["", "it is a directory; give the path of a file"],
        ["a.txt/x.json", "something above it is a file; give another path"]
      ] as const) {
        const path = out === "" ? dir : `${dir}/${out}`
        for (const command of ["snapshot", "diagram"]) {
          const ended = yield* json([command, file, "--out", path])
          assert.strictEqual(ended.code, 1)
          const message = `${path} cannot be written: ${problem}`
          assert.deepStrictEqual(failureOf(ended), { tag: "FileError", code: "PGK0004", message })
        }
      }
      const made = yield* cli(["migrate", "new", "z", "--dir", `${dir}/a.txt`, "--json"])
      assert.deepStrictEqual(failureOf({ document: documentOf(made) }), {
        tag: "FileError",
        code: "PGK0004",
        message: `${dir}/a.txt cannot be made: something of this name is there already; move it, or give another path`
      })
    })
  )
})

it("A directory that nobody may write into is told with what to do", () => {
  const refused = systemError({
    module: "FileSystem",
    method: "writeFile",
    _tag: "PermissionDenied",
    pathOrDescriptor: "/etc/x.json",
    cause: Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" })
  })
  const told = "/etc/x.json cannot be written: this process may not; let it, or give another path"
  assert.strictEqual(fileProblem(refused), told)
})
