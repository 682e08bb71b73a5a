/** `pgkeel migrate lint`, and what it and the locks are in `pgkeel migrate plan`. */
import { assert, describe, it } from "@effect/vitest"
import { NodeServices } from "@effect/platform-node"
import { Effect, Redacted, type FileSystem, type Path, type Scope } from "effect"
import { TestDatabase } from "../../src/testing/index.ts"
import { directory, scalar, test, write } from "../migration/support.ts"
import { cli, documentOf, json, onDatabase } from "./support.ts"

const users = "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n"
const index = "-- Find users by their addresses.\nCREATE INDEX users_email ON users (email);\n"

interface Found {
  readonly rule: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly reason: string
  readonly fix: string
}

const findingsOf = (document: Record<string, unknown>) => document["findings"] as ReadonlyArray<Found>

const rulesOf = (document: Record<string, unknown>) => findingsOf(document).map(({ rule }) => rule)

const tagOf = (document: Record<string, unknown>) => (document["error"] as { readonly tag: string }).tag

/** Without a database, which no variable names. */
const offline = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const ended = yield* cli(["migrate", "lint", ...args, "--json"])
  return { code: ended.code, document: documentOf(ended) }
})

const effect = (
  name: string,
  body: () => Effect.Effect<void, unknown, FileSystem.FileSystem | Path.Path | Scope.Scope>
) => it.live(name, () => Effect.scoped(body()).pipe(Effect.provide(NodeServices.layer)))

describe("pgkeel migrate lint", () => {
  effect("says of a file what is dangerous in it, where, why, and what to write instead", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "1_users.up.sql": users, "2_index.up.sql": index })
      const file = `${dir}/2_index.up.sql`
      const { code, document } = yield* offline([file])
      assert.strictEqual(code, 1)
      assert.deepStrictEqual([document["ok"], document["files"]], [false, 1])
      const [found, ...others] = findingsOf(document)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(found, { rule: "concurrent-index", file, line: 2, column: 1 })
      assert.include(found?.fix, "CREATE INDEX CONCURRENTLY users_email ON users (email)")
      assert.deepStrictEqual(yield* offline([`${dir}/1_users.up.sql`]), {
        code: 0,
        document: { ok: true, files: 1, findings: [] }
      })
    })
  )

  effect("shows a person the line with a caret, as a compiler does, in colours on a terminal", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "2_index.up.sql": index })
      const file = `${dir}/2_index.up.sql`
      const { code, stderr, stdout } = yield* cli(["migrate", "lint", file])
      assert.deepStrictEqual([code, stderr], [1, ""])
      assert.isTrue(stdout.startsWith(`${file}:2:1: concurrent-index: CREATE INDEX blocks all writes to users`), stdout)
      assert.include(stdout, "\n  2 | CREATE INDEX users_email ON users (email);\n    | ^\n")
      assert.match(stdout, /\n {2}write instead:\n(?: {4}.*\n)* {4}CREATE INDEX CONCURRENTLY users_email/u)
      assert.match(stdout, /\n\n1 finding in 1 of 1 file\n$/u)
      const coloured = yield* cli(["migrate", "lint", file], { terminal: true })
      assert.include(coloured.stdout, "\u001B[31mconcurrent-index\u001B[39m")
    })
  )

  effect(
    "counts lines and columns as editors do: behind a BOM, tabs, lines that end in CRLF and what is not ASCII",
    () =>
      Effect.gen(function* () {
        const text = [
          "\uFEFFCREATE INDEX a ON t (b);",
          "-- größer 🎉",
          '\tALTER TABLE "é, ü"\tADD COLUMN "ä" int,\tALTER "🎉" SET NOT NULL;',
          "-- pgkeel:allow concurrent-index: it is small",
          "CREATE INDEX c ON t (d);",
          ""
        ].join("\r\n")
        const dir = yield* directory({ "1_odd.up.sql": text })
        const file = `${dir}/1_odd.up.sql`
        const { document } = yield* offline([file])
        const places = findingsOf(document).map(({ column, line, rule }) => `${line}:${column} ${rule}`)
        assert.deepStrictEqual(places, [
          "1:1 concurrent-index",
          "3:2 several-locks",
          "3:2 work-behind-lock",
          "3:41 set-not-null",
          // What the comment allows is not that.
          "5:1 work-behind-lock"
        ])
        const lines = (yield* cli(["migrate", "lint", file])).stdout.split("\n")
        const shown = lines.slice(lines.findIndex((line) => line.startsWith(`${file}:3:41:`)))
        const at = shown.findIndex((line) => line.includes("^"))
        assert.strictEqual(shown[at]?.indexOf("^"), shown[at - 1]?.indexOf('ALTER "🎉"'), shown.join("\n"))
      })
  )

  effect("looks at the directories that are given, in all forms, and at both files' sections only above the down", () =>
    Effect.gen(function* () {
      const sections = `-- migrate:up\nCREATE INDEX a ON users (email);\n-- migrate:down\nDROP TABLE users;\n`
      const dir = yield* directory({ "1_users.up.sql": users, "2_a.sql": sections, "3_b/up.sql": index })
      const whole = yield* offline([dir])
      const places = [`${dir}/2_a.sql:2`, `${dir}/3_b/up.sql:2`]
      const placesOf = (document: Record<string, unknown>) =>
        findingsOf(document)
          .map(({ file, line }) => `${file}:${line}`)
          .toSorted()
      assert.deepStrictEqual([whole.code, whole.document["files"], placesOf(whole.document)], [1, 3, places])
      const one = yield* offline([`${dir}/2_a.sql`])
      assert.deepStrictEqual(placesOf(one.document), places.slice(0, 1))
      const configured = yield* offline(["--dir", dir])
      assert.deepStrictEqual([configured.code, configured.document["files"]], [1, 3])
      assert.deepStrictEqual(rulesOf(configured.document), ["concurrent-index", "concurrent-index"])
      const all = yield* offline(["--all", "--dir", `app=${dir}`, "--namespace", "app"])
      assert.deepStrictEqual(rulesOf(all.document), rulesOf(configured.document))
    })
  )

  effect("lets pass what a comment allows with a reason, and what the project turns off", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "1_allowed.up.sql": `-- pgkeel:allow concurrent-index: the table is written to at night only\n${index}`,
        "2_bare.up.sql": `-- pgkeel:allow concurrent-index\n${index}`,
        "pgkeel.config.json": JSON.stringify({ lint: { off: ["concurrent-index"] } })
      })
      assert.strictEqual((yield* offline([`${dir}/1_allowed.up.sql`])).code, 0)
      const bare = yield* offline([`${dir}/2_bare.up.sql`])
      assert.include(rulesOf(bare.document), "allow-invalid")
      yield* write(dir, { "3_index.up.sql": index })
      const off = yield* offline([`${dir}/3_index.up.sql`, "--config", `${dir}/pgkeel.config.json`])
      assert.deepStrictEqual([off.code, off.document["findings"]], [0, []])
      yield* write(dir, { "pgkeel.config.json": JSON.stringify({ lint: { off: ["concurrent-indx"] } }) })
      const unknown = yield* offline([`${dir}/3_index.up.sql`, "--config", `${dir}/pgkeel.config.json`])
      assert.deepStrictEqual([unknown.code, tagOf(unknown.document)], [2, "UnknownRule"])
    })
  )

  effect("says what is wrong with what it is given", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "a.txt": "SELECT 1",
        "bytes.sql": new Uint8Array([0xff]),
        "syntax.sql": "CREATE TABEL a ();"
      })
      for (const [args, code, tag] of [
        [[`${dir}/nowhere.sql`], 2, "UsageError"],
        [[`${dir}/a.txt`], 2, "UsageError"],
        [[`${dir}/syntax.sql`, "--all"], 2, "UsageError"],
        [["--namespace", "nowhere", "--dir", dir], 2, "UsageError"],
        [[`${dir}/bytes.sql`], 1, "InvalidFile"],
        [[`${dir}/syntax.sql`, "--url", "postgres://a@127.0.0.1:1/b"], 1, "ConnectionRefused"],
        [["--everything"], 2, "UsageError"],
        [[yield* directory({ "README.md": "nothing yet" })], 2, "UsageError"],
        // Where the tests run, the directory migrations is the package's own.
        [[], 2, "UsageError"],
        [["--all"], 2, "UsageError"]
      ] as const) {
        const ended = yield* offline(args)
        assert.deepStrictEqual([ended.code, tagOf(ended.document)], [code, tag], args.join(" "))
      }
      const syntax = yield* offline([`${dir}/syntax.sql`])
      assert.deepStrictEqual([syntax.code, rulesOf(syntax.document)], [1, ["syntax"]])
    })
  )

  effect("passes over what reverts and what verifies, which stands among all files", () =>
    Effect.gen(function* () {
      const files = {
        "1_users.up.sql": users,
        "1_users.down.sql": "DROP TABLE users;",
        "1_users.verify.sql": "SELECT count(*) FROM users;",
        "2_a/up.sql": users,
        "2_a/down.sql": "DROP TABLE users;",
        "2_a/verify.sql": "SELECT 1;",
        "R__view.verify.sql": "SELECT 1;"
      }
      const dir = yield* directory(files)
      const all = yield* offline(Object.keys(files).map((name) => `${dir}/${name}`))
      assert.deepStrictEqual(all, { code: 0, document: { ok: true, files: 2, findings: [] } })
      const logged: Array<string> = []
      const alone = cli(["migrate", "lint", `${dir}/1_users.down.sql`], { log: (line) => logged.push(line) })
      assert.strictEqual((yield* alone).stdout, "no findings in 0 files\n")
      assert.deepStrictEqual(logged, ["warn: nothing was looked at: lint is about what goes up"])
    })
  )

  test("looks at what is pending, and asks the database what it knows", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "1_users.up.sql": users, "2_index.up.sql": index })
      yield* onDatabase(["migrate", "up", "--dir", dir])
      const none = yield* json(["lint", "--dir", dir])
      assert.deepStrictEqual([none.code, none.document], [0, { ok: true, files: 0, findings: [] }])
      yield* write(dir, {
        "3_late.up.sql": "ALTER TABLE users ALTER COLUMN id SET NOT NULL;",
        "4_proven.up.sql": "CREATE INDEX CONCURRENTLY users_id ON users (id, email);"
      })
      const pending = yield* json(["lint", "--dir", dir])
      assert.strictEqual(pending.document["files"], 2)
      // It is the table's key, and the database says so: nothing is read.
      assert.notInclude(rulesOf(pending.document), "set-not-null")
      const url = Redacted.value((yield* TestDatabase).url)
      const file = `${dir}/3_late.up.sql`
      assert.include(rulesOf((yield* offline([file])).document), "set-not-null")
      assert.notInclude(rulesOf((yield* offline([file, "--url", url])).document), "set-not-null")
      const all = yield* json(["lint", "--all", "--dir", dir])
      assert.strictEqual(all.document["files"], 4)
    }))

  test("is in a plan, with the locks that each statement takes and the tables that it writes anew", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "1_users.up.sql": users })
      yield* onDatabase(["migrate", "up", "--dir", dir])
      yield* scalar("INSERT INTO users VALUES (1, 'a') RETURNING id")
      yield* write(dir, {
        "2_wide.up.sql": "ALTER TABLE users ALTER COLUMN id TYPE numeric;\nCREATE TABLE fresh (id bigint);"
      })
      const { document } = yield* json(["plan", "--dir", dir])
      const [planned = {}] = (document["pending"] as ReadonlyArray<Record<string, unknown>>).slice(-1)
      const [first, second] = planned["statements"] as ReadonlyArray<Record<string, unknown>>
      assert.deepStrictEqual(first?.["locks"], [
        { relation: "users", mode: "ACCESS EXCLUSIVE", rewrites: true, scans: true }
      ])
      assert.deepStrictEqual(second?.["locks"], [])
      assert.include(rulesOf(planned), "column-type")
      const { stdout } = yield* onDatabase(["migrate", "plan", "--dir", dir])
      assert.include(
        stdout,
        "locks users in ACCESS EXCLUSIVE mode, which blocks reads and writes, and writes all of it anew\n"
      )
      assert.match(stdout, /\n {2}column-type at line 1: /u)
      assert.match(stdout, /nothing was changed; \d findings?: `pgkeel migrate lint` says what to write instead\n$/u)
    }))
})
