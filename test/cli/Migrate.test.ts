import { assert, describe } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, FileSystem, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "../../src/testing/index.ts"
import { directory, eventually, exists, history, scalar, test, write } from "../migration/support.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { Proxy } from "../support/Proxy.ts"
import { cli, documentOf, json, onDatabase } from "./support.ts"

/** How many the package has of its own, which is no matter of these tests. */
const own = ownMigrations.length

const files = {
  "0001_users.up.sql": "CREATE TABLE users (id int)",
  "0001_users.down.sql": "DROP TABLE users",
  "0002_orders.up.sql": "CREATE TABLE orders (id int);\nINSERT INTO orders VALUES (1);",
  "0002_orders.down.sql": "DROP TABLE orders"
}

interface Named {
  readonly namespace: string
  readonly id: string
}

const isApp = ({ namespace }: Named): boolean => namespace !== "pgkeel"

/** A list of a document without the package's own, which have to come first. */
const appOf = <A extends Named>(list: unknown): ReadonlyArray<A> => {
  const all = list as ReadonlyArray<A>
  assert.deepStrictEqual(
    all.map(isApp),
    all.map((_, index) => index >= own)
  )
  return all.filter(isApp)
}

/** Without what differs from run to run. */
const shapeOf = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (name, each) => (/^(?:durationMillis|appliedAt)$/u.test(name) ? typeof each : each)))

describe("pgkeel migrate up", () => {
  test("applies what is pending, the package's own migrations first, and says so in one document", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const { code, document } = yield* json(["up", "--dir", dir])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(shapeOf({ ...document, applied: appOf(document["applied"]) }), {
        ok: true,
        applied: [
          { namespace: "app", id: "0001", name: "users", durationMillis: "number" },
          { namespace: "app", id: "0002", name: "orders", durationMillis: "number" }
        ],
        pending: []
      })
      assert.strictEqual(yield* scalar("SELECT count(*)::int FROM orders"), 1)
    }))

  test("is told in the history under the application's name and release, where they are given", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const url = new URL(Redacted.value((yield* TestDatabase).url))
      url.search = "?application_name=shop%201.2.3"
      const applications =
        "SELECT string_agg(DISTINCT application, ', ') FROM pgkeel.migrations WHERE namespace = 'app'"
      assert.strictEqual((yield* cli(["migrate", "up", "--dir", dir, "--url", url.href])).code, 0)
      assert.strictEqual(yield* scalar(applications), "shop 1.2.3")
      const env = { PGAPPNAME: "shop 1.2.4" }
      assert.strictEqual((yield* onDatabase(["migrate", "redo", "--dir", dir], { env })).code, 0)
      assert.strictEqual(yield* scalar(applications), "shop 1.2.3, shop 1.2.4")
    }))

  test("takes a path with an equals sign in it for the path that it is", () =>
    Effect.gen(function* () {
      const dir = `${yield* directory({ "x=y/1_a.up.sql": "CREATE TABLE a ()" })}/x=y`
      const { document } = yield* json(["up", "--dir", dir])
      assert.deepStrictEqual(
        appOf<Named>(document["applied"]).map(({ id, namespace }) => `${namespace} ${id}`),
        ["app 1"]
      )
    }))

  test("has nothing to do the second time, and ends with 0", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      yield* onDatabase(["migrate", "up", "--dir", dir])
      assert.deepStrictEqual(yield* json(["up", "--dir", dir]), {
        code: 0,
        document: { ok: true, applied: [], pending: [] }
      })
      const { code, stderr, stdout } = yield* onDatabase(["migrate", "up", "--dir", dir])
      assert.deepStrictEqual([code, stdout, stderr], [0, "nothing to do: all migrations are applied\n", ""])
    }))

  test("prints a table of what it applied, and beside it how it goes on", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* onDatabase(["migrate", "up", "--dir", yield* directory(files)])
      assert.strictEqual(code, 0)
      assert.strictEqual(
        stdout.replaceAll(/ +(?:\d+ ms|\d+\.\d s|TIME)/gu, " T").replaceAll(/pgkeel {2,}.*\n/gu, ""),
        [
          "NAMESPACE  MIGRATION T",
          "app        0001_users T",
          "app        0002_orders T",
          "",
          `${own + 2} migrations applied`,
          ""
        ].join("\n")
      )
      assert.match(stderr, /^applying 1 of \d+: 0001_security_keys\.up\.sql \(pgkeel\)\n/u)
      assert.isTrue(
        stderr.endsWith(
          `applying ${own + 1} of ${own + 2}: 0001_users.up.sql (app)\n` +
            `applying ${own + 2} of ${own + 2}: 0002_orders.up.sql (app)\n`
        ),
        stderr
      )
    }))

  test("shows on a terminal, in one line that changes, what is under way and for how long", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const dir = yield* directory({ "1_slow.up.sql": "SELECT 1; SELECT pg_advisory_xact_lock(4711); SELECT 3;" })
        const sql = yield* SqlClient.SqlClient
        const other = yield* sql.reserve
        yield* other.execute("SELECT pg_advisory_lock(4711)", [], undefined)
        const seen = yield* Deferred.make<void>()
        const watch = (stderr: string) => {
          if (/1_slow\.up\.sql \(app\), statement 2 of 3, \d+\.\d s/u.test(stderr))
            Deferred.doneUnsafe(seen, Effect.void)
        }
        const running = yield* Effect.forkChild(onDatabase(["migrate", "up", "--dir", dir], { terminal: true, watch }))
        yield* Deferred.await(seen)
        yield* other.execute("SELECT pg_advisory_unlock(4711)", [], undefined)
        const { code, stderr, stdout } = yield* Fiber.join(running)
        assert.strictEqual(code, 0)
        assert.notInclude(stderr, "\n")
        assert.isTrue(stderr.endsWith("\r\u001B[2K"))
        assert.include(stdout, "\u001B[1mNAMESPACE")
      })
    ))

  test("shows on a terminal how many rows a backfill has done", () =>
    Effect.gen(function* () {
      const from = (module: string) => JSON.stringify(import.meta.resolve(module))
      const dir = yield* directory({
        "1_items.up.sql": "CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item SELECT generate_series(1, 2500);",
        "2_rows.mjs": `
          import * as Effect from ${from("effect/Effect")}
          import * as Backfill from ${from("../../src/migration/Backfill.ts")}
          export const transaction = false
          export const up = Backfill.run({ name: "rows", table: "item", update: ({ where }) => Effect.sync(where) })`
      })
      const { code, stderr } = yield* onDatabase(["migrate", "up", "--dir", dir], { terminal: true })
      assert.strictEqual(code, 0, stderr)
      assert.match(stderr, /2_rows\.mjs \(app\), rows: 1,000( of about [\d,]+)? rows/u)
      assert.match(stderr, /2_rows\.mjs \(app\), rows: all 2,500 rows/u)
    }))

  test("tells of a failure the migration, the place, the database's own words, and what was applied before it", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ ...files, "0002_orders.up.sql": "SELECT 1;\nSELECT * FROM nowhere;" })
      const { code, document } = yield* json(["up", "--dir", dir])
      assert.strictEqual(code, 1)
      assert.isFalse(document["ok"])
      assert.deepStrictEqual(
        appOf(document["applied"]).map(({ id }) => id),
        ["0001"]
      )
      const { cause, message, ...rest } = document["error"] as Record<string, unknown>
      assert.match(String(message), /0002_orders\.up\.sql \(app\) failed at line 2, column 15/u)
      assert.deepStrictEqual(rest, {
        tag: "StatementFailed",
        code: "PGK8102",
        migration: {
          namespace: "app",
          id: "0002",
          name: "orders",
          file: "0002_orders.up.sql",
          line: 2,
          column: 15,
          statement: 2
        }
      })
      assert.deepInclude(cause as object, { tag: "UndefinedTable", code: "PGK4001", sqlState: "42P01" })
    }))

  test("shows a person the line that failed, with a caret under the place", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "0_a.up.sql": "CREATE TABLE a (id int)",
        "1_é.up.sql": "-- é\nSELECT 'é' FROM nowhere;\nSELECT 2;"
      })
      const { code, stderr, stdout } = yield* onDatabase(["migrate", "up", "--dir", dir])
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.include(
        stderr,
        "1_é.up.sql:2:17\n1 | -- é\n2 | SELECT 'é' FROM nowhere;\n  |                 ^\n3 | SELECT 2;\n"
      )
      assert.isTrue(stderr.endsWith(`\n\nwhat was done before it stays: ${own + 1} migrations applied\n`), stderr)
    }))

  test("changes nothing in a dry run", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const { code, document } = yield* json(["up", "--dry-run", "--dir", dir])
      assert.deepStrictEqual([code, appOf(document["pending"]).length], [0, 2])
      assert.isFalse(yield* exists("pgkeel.migrations"))
    }))

  test("takes several directories, each with its namespace", () =>
    Effect.gen(function* () {
      const [one, other] = [
        yield* directory(files),
        yield* directory({ "1_bill.up.sql": "CREATE TABLE bill (id int)" })
      ]
      yield* onDatabase(["migrate", "up", "--dir", one, "--dir", `billing=${other}`])
      const rows = yield* history
      assert.deepStrictEqual(
        rows.filter(isApp).map(({ id, namespace }) => `${namespace}/${id}`),
        ["app/0001", "app/0002", "billing/1"]
      )
    }))
})

describe("pgkeel migrate down", () => {
  test("reverts the last one, so many, everything behind an id, or everything", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ ...files, "0003_x.up.sql": "SELECT 1", "0003_x.down.sql": "SELECT 1" })
      const down = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
        yield* onDatabase(["migrate", "up", "--dir", dir])
        const { code, document } = yield* json(["down", ...args, "--dir", dir])
        assert.strictEqual(code, 0)
        return (document as { reverted: Array<{ id: string }> }).reverted.map(({ id }) => id)
      })
      assert.deepStrictEqual(yield* down(), ["0003"])
      assert.deepStrictEqual(yield* down("--steps", "2"), ["0003", "0002"])
      assert.deepStrictEqual(yield* down("--to", "1"), ["0003", "0002"])
      assert.deepStrictEqual(yield* down("--all"), ["0003", "0002", "0001"])
    }))

  test("says that a way down is missing before it touches anything", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "1_a.up.sql": "CREATE TABLE a (id int)" })
      yield* onDatabase(["migrate", "up", "--dir", dir])
      const { code, document } = yield* json(["down", "--dir", dir])
      assert.strictEqual(code, 1)
      assert.deepInclude(document["error"] as object, { tag: "DownMissing", migrations: ["1_a.up.sql (app)"] })
    }))

  test("is wrong usage with an id that was not applied, or with two ways of saying how far", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      yield* onDatabase(["migrate", "up", "--dir", dir])
      const unknown = yield* json(["down", "--to", "99", "--dir", dir])
      assert.deepStrictEqual([unknown.code, (unknown.document["error"] as { tag: string }).tag], [2, "UnknownTarget"])
      const both = yield* json(["down", "--to", "1", "--all", "--dir", dir])
      assert.deepStrictEqual([both.code, (both.document["error"] as { tag: string }).tag], [2, "UsageError"])
    }))
})

describe("pgkeel migrate status", () => {
  test("shows every migration with its state, and ends with 3 only when it is asked to check", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "0001_users.up.sql": files["0001_users.up.sql"] })
      yield* onDatabase(["migrate", "up", "--dir", dir])
      assert.strictEqual((yield* json(["status", "--check", "--dir", dir])).code, 0)
      yield* write(dir, { "0002_orders.up.sql": files["0002_orders.up.sql"] })
      const { code, document } = yield* json(["status", "--dir", dir])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(shapeOf({ ...document, applied: appOf(document["applied"]) }), {
        ok: true,
        applied: [
          {
            namespace: "app",
            id: "0001",
            name: "users",
            kind: "sql",
            state: "applied",
            appliedAt: "string",
            durationMillis: "number"
          }
        ],
        pending: [{ namespace: "app", id: "0002", name: "orders", kind: "sql", state: "pending" }],
        problems: []
      })
      const checked = yield* json(["status", "--check", "--dir", dir])
      assert.deepStrictEqual([checked.code, checked.document["ok"]], [3, true])
      const { stdout } = yield* onDatabase(["migrate", "status", "--dir", dir])
      assert.match(stdout, /^NAMESPACE +MIGRATION +STATE +APPLIED +TIME\n/u)
      assert.match(stdout, /\napp +0001_users +applied +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +\d[^\n]*s\n/u)
      assert.match(stdout, /\napp +0002_orders +pending\n\n\d+ migrations applied, 1 pending\n$/u)
    }))

  test("names what up would refuse, and fails with it when it is asked to check", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      yield* onDatabase(["migrate", "up", "--dir", dir])
      yield* write(dir, { "0001_users.up.sql": "CREATE TABLE users (id bigint)" })
      const shown = yield* json(["status", "--dir", dir])
      assert.strictEqual(shown.code, 0)
      const [problem] = shown.document["problems"] as ReadonlyArray<Record<string, unknown>>
      assert.deepStrictEqual([problem?.["tag"], problem?.["code"]], ["ChecksumMismatch", "PGK8201"])
      const checked = yield* json(["status", "--check", "--dir", dir])
      assert.deepStrictEqual([checked.code, checked.document["ok"]], [1, false])
      assert.deepStrictEqual(checked.document["error"], problem)
    }))
})

describe("pgkeel migrate plan", () => {
  test("shows what up would run, statement by statement, and changes nothing", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const { code, document } = yield* json(["plan", "--dir", dir])
      assert.strictEqual(code, 0)
      const planned = appOf<Named & { readonly statements: ReadonlyArray<unknown> }>(document["pending"])
      assert.deepStrictEqual(
        planned.map(({ statements }) => statements.length),
        [1, 2]
      )
      const { stdout } = yield* onDatabase(["migrate", "plan", "--dir", dir])
      assert.include(stdout, "2  INSERT INTO orders VALUES (1)")
      assert.isFalse(yield* exists("pgkeel.migrations"))
    }))
})

describe("A directory without a migration", () => {
  const warned = Effect.fnUntraced(function* (dir: string, command = "up") {
    const lines: Array<string> = []
    const ended = yield* onDatabase(["migrate", command, "--dir", dir], { log: (line) => lines.push(line) })
    return { ...ended, lines: lines.filter((line) => line.includes("there is no migration in")) }
  })

  test("is warned of, since the command ends as if all were applied", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "README.md": "", "index.ts": "", "up/1_a.up.sql": "SELECT 1" })
      for (const command of ["up", "status", "plan"]) {
        const { code, lines } = yield* warned(dir, command)
        assert.strictEqual(code, 0)
        const told = `warn: there is no migration in ${dir} (app): correct the directory, or make one with`
        assert.deepStrictEqual([lines.length, lines[0]?.startsWith(told)], [1, true], lines.join("\n"))
      }
    }))

  test("is not one that holds any form of them, or that cannot be read", () =>
    Effect.gen(function* () {
      for (const files of [{ "1_a.up.sql": "SELECT 1" }, { "R__a.sql": "SELECT 1" }, { "1_a/up.sql": "SELECT 1" }]) {
        const { lines } = yield* warned(yield* directory(files), "status")
        assert.deepStrictEqual(lines, [])
      }
      assert.deepStrictEqual((yield* warned("/nowhere")).lines, [])
    }))
})

describe("pgkeel migrate new", () => {
  const made = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
    const { code, document } = yield* json(["new", ...args])
    return { code, id: String(document["id"]), document }
  })

  test("takes the time as the id in an empty directory, and makes files that are refused until they are written", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const dir = `${yield* directory({})}/not/there/yet`
      const { code, id } = yield* made("Add orders!", "--dir", dir)
      assert.strictEqual(code, 0)
      assert.match(id, /^20\d{12}$/u)
      assert.deepStrictEqual((yield* fs.readDirectory(dir)).toSorted(), [
        `${id}_Add_orders.down.sql`,
        `${id}_Add_orders.up.sql`
      ])
      const { document } = yield* json(["up", "--dir", dir])
      assert.strictEqual((document["error"] as { tag: string }).tag, "EmptyMigration")
    }))

  test("counts on where the directory counts, with as many digits", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "0009_a.up.sql": "SELECT 1", "R__view.sql": "SELECT 1" })
      assert.strictEqual((yield* made("b", "--dir", dir)).id, "0010")
      assert.strictEqual((yield* made("c", "--module", "--dir", dir)).id, "0011")
      assert.strictEqual((yield* made("d", "--sections", "--dir", dir)).id, "0012")
      const fs = yield* FileSystem.FileSystem
      assert.deepStrictEqual((yield* fs.readDirectory(dir)).toSorted(), [
        "0009_a.up.sql",
        "0010_b.down.sql",
        "0010_b.up.sql",
        "0011_c.ts",
        "0012_d.sql",
        "R__view.sql"
      ])
    }))

  test("makes no migration that is late, however far behind the clock is", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "2099-01-01-000000_a.up.sql": "SELECT 1" })
      assert.strictEqual((yield* made("b", "--dir", dir)).id, "20990101000001")
    }))

  test("says which file is in the way of the directory", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "0001_a.up.sql": "SELECT 1" })
      const { code, document } = yield* made("b", "--dir", `${dir}/0001_a.up.sql/below`)
      assert.strictEqual(code, 1)
      const { message, ...error } = document["error"] as Record<string, unknown>
      assert.deepStrictEqual(error, { tag: "FileError", code: "PGK0004" })
      assert.include(String(message), "0001_a.up.sql/below")
    }))

  test("wants to be told in which of several directories", () =>
    Effect.gen(function* () {
      const dir = yield* directory({})
      const { code, document } = yield* made("x", "--dir", dir, "--dir", `b=${dir}`)
      assert.strictEqual(code, 2)
      assert.match((document["error"] as { message: string }).message, /app, b\): say by one --dir/u)
    }))
})

describe("pgkeel migrate", () => {
  test("connects by --url before DATABASE_MIGRATOR_URL, and by that before DATABASE_URL", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const nowhere = "postgres://x:y@127.0.0.1:1/z"
      const url = Redacted.value((yield* TestDatabase).url)
      const over = yield* cli(["migrate", "up", "--dir", dir, "--url", url, "--json"], {
        env: { DATABASE_URL: nowhere, DATABASE_MIGRATOR_URL: nowhere }
      })
      assert.strictEqual(over.code, 0)
      const migrator = yield* cli(["migrate", "status", "--dir", dir, "--json"], {
        env: { DATABASE_URL: nowhere, DATABASE_MIGRATOR_URL: url }
      })
      assert.strictEqual(migrator.code, 0)
      const refused = yield* cli(["migrate", "status", "--dir", dir, "--json"], { env: { DATABASE_URL: nowhere } })
      assert.strictEqual(refused.code, 1)
      assert.deepInclude(documentOf(refused)["error"] as object, { tag: "ConnectionRefused", code: "PGK1003" })
    }))

  test("waits for a server that is not there yet when it is told to", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const dir = yield* directory(files)
        const proxy = Context.get(yield* Layer.build(Proxy.layer), Proxy)
        const up = ["up", "--dir", dir, "--url", Redacted.value(proxy.url)]
        yield* proxy.setRefusing(true)
        assert.strictEqual((yield* json(up)).code, 1)
        const before = proxy.counters.attempts
        const waiting = yield* Effect.forkChild(json([...up, "--wait", "1 minute"]))
        yield* eventually(
          Effect.suspend(() => (proxy.counters.attempts > before + 1 ? Effect.void : Effect.fail("not yet")))
        )
        yield* proxy.setRefusing(false)
        assert.strictEqual((yield* Fiber.join(waiting)).code, 0)
      })
    ))

  test("takes a wait of no time for none", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const dir = yield* directory(files)
        assert.strictEqual((yield* json(["up", "--dir", dir, "--wait", "0 seconds"])).code, 0)
      })
    ))

  test("ends with 5 when another migrator holds the lock for longer than it is to wait", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const dir = yield* directory(files)
        yield* json(["up", "--dir", dir])
        yield* write(dir, { "0003_more.up.sql": "CREATE TABLE more ()" })
        const sql = yield* SqlClient.SqlClient
        const other = yield* sql.reserve
        yield* other.execute("SELECT pg_advisory_lock(1885825893, 1701576705)", [], undefined)
        for (const command of [["up"], ["down", "--steps", "1"], ["redo"]]) {
          const { code, document } = yield* json([...command, "--dir", dir, "--lock-patience", "50 millis"])
          assert.strictEqual(code, 5)
          assert.deepInclude(document["error"] as object, { tag: "Locked", code: "PGK8401" })
        }
        yield* other.execute("SELECT pg_advisory_unlock_all()", [], undefined)
      })
    ))
})
