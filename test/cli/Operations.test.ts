/** What is done with a history, beside going up and down. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Effect, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "../../src/testing/index.ts"
import { directory, exists, history, scalar, type Services, test, testOn, write } from "../migration/support.ts"
import { freshClient } from "../support/Database.ts"
import { documentOf, json, onDatabase } from "./support.ts"

const files = {
  "0001_users.up.sql": "CREATE TABLE users (id int)",
  "0001_users.down.sql": "DROP TABLE users",
  "0002_orders.up.sql": "CREATE TABLE orders (id int)",
  "0002_orders.down.sql": "DROP TABLE orders"
}

/** Without the package's own. */
const idsOf = (list: unknown) =>
  (list as ReadonlyArray<Record<string, unknown>>)
    .filter(({ namespace }) => namespace !== "pgkeel")
    .map(({ id, namespace }) => `${namespace}/${id}`)

const tagOf = (document: Record<string, unknown>) => (document["error"] as { readonly tag: string }).tag

/** A directory whose migrations are applied. */
const applied = Effect.fnUntraced(function* (texts: Record<string, string> = files) {
  const dir = yield* directory(texts)
  const { code, stderr } = yield* onDatabase(["migrate", "up", "--dir", dir])
  assert.strictEqual(code, 0, stderr)
  return dir
})

const template = {
  key: "cli/Operations",
  build: applied().pipe(Effect.scoped, Effect.orDie, Effect.provide(NodeServices.layer))
}

/** On a database where `files` are applied, which are in the directory. */
const testApplied = <A, E>(name: string, body: (dir: string) => Effect.Effect<A, E, Services>) =>
  testOn(
    () => freshClient({ template }),
    name,
    () => Effect.flatMap(directory(files), body)
  )

describe("pgkeel migrate", () => {
  test("goes up to an id, and says what is left", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const planned = yield* json(["plan", "--to", "1", "--dir", dir])
      assert.deepStrictEqual(idsOf(planned.document["pending"]), ["app/0001"])
      const { code, document } = yield* json(["up", "--to", "1", "--dir", dir])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(idsOf(document["applied"]), ["app/0001"])
      assert.deepStrictEqual(idsOf(document["pending"]), ["app/0002"])
      const unknown = yield* json(["up", "--to", "99", "--dir", dir])
      assert.deepStrictEqual([unknown.code, tagOf(unknown.document)], [2, "UnknownTarget"])
    }))

  test("shows of an applied migration that it could not be reverted", () =>
    Effect.gen(function* () {
      const dir = yield* applied({ ...files, "0002_orders.down.sql": "DROP TABLE nowhere" })
      yield* onDatabase(["migrate", "down", "--dir", dir])
      const { stdout } = yield* onDatabase(["migrate", "status", "--dir", dir])
      assert.include(stdout, "0002_orders (app): migration 0002_orders.down.sql (app) failed at line 1")
    }))

  testApplied("says what a down would revert, and changes nothing", (dir) =>
    Effect.gen(function* () {
      const { code, document } = yield* json(["down", "--all", "--dry-run", "--dir", dir])
      assert.deepStrictEqual(
        [code, document["reverted"], idsOf(document["planned"])],
        [0, [], ["app/0002", "app/0001"]]
      )
      const { stdout } = yield* onDatabase(["migrate", "down", "--dry-run", "--dir", dir])
      assert.strictEqual(
        stdout,
        "0002_orders.down.sql (app), in one transaction\n  1  DROP TABLE orders\n" +
          "       locks orders in ACCESS EXCLUSIVE mode, which blocks reads and writes\n\n" +
          "1 migration would be reverted; nothing was changed\n"
      )
      assert.isTrue(yield* exists("orders"))
    })
  )

  testApplied("shows which statements of a plan run in which transactions", (dir) =>
    Effect.gen(function* () {
      yield* write(dir, {
        "0003_index.up.sql": "CREATE INDEX CONCURRENTLY users_id ON users (id);\nSELECT 1;"
      })
      const { document } = yield* json(["plan", "--dir", dir])
      const [planned] = document["pending"] as ReadonlyArray<Record<string, unknown>>
      assert.deepInclude(planned, { transaction: false, done: 0 })
      assert.deepStrictEqual(planned?.["statements"], [
        {
          line: 1,
          transaction: "none",
          text: "CREATE INDEX CONCURRENTLY users_id ON users (id)",
          locks: [{ relation: "users", mode: "SHARE UPDATE EXCLUSIVE", rewrites: false, scans: true }]
        },
        { line: 2, transaction: "statement", text: "SELECT 1", locks: [] }
      ])
      const { stdout } = yield* onDatabase(["migrate", "plan", "--dir", dir])
      assert.include(stdout, "0003_index.up.sql (app), without a transaction\n")
      assert.include(stdout, "SELECT 1  [a transaction of its own]\n")
    })
  )

  testApplied("rehearses a plan on a scratch database, and says what would fail there", (dir) =>
    Effect.gen(function* () {
      const url = Redacted.value((yield* TestDatabase).url)
      yield* write(dir, { "0003_more.up.sql": "ALTER TABLE users ADD name text" })
      const good = yield* json(["plan", "--shadow", url, "--dir", dir])
      assert.deepStrictEqual([good.code, good.document["shadow"]], [0, { succeeded: true }])
      yield* write(dir, { "0004_bad.up.sql": "SELECT 1;\nSELECT * FROM nowhere" })
      const bad = yield* json(["plan", "--shadow", url, "--dir", dir])
      assert.deepStrictEqual([bad.code, bad.document["ok"]], [1, false])
      assert.deepStrictEqual(bad.document["shadow"], { succeeded: false, phase: "pending" })
      assert.deepStrictEqual(idsOf(bad.document["pending"]), ["app/0003", "app/0004"])
      assert.strictEqual(tagOf(bad.document), "StatementFailed")
      const { stderr } = yield* onDatabase(["migrate", "plan", "--shadow", url, "--dir", dir])
      assert.include(stderr, "on a scratch database, this failed:")
      assert.include(stderr, "0004_bad.up.sql:2:15\n1 | SELECT 1;\n2 | SELECT * FROM nowhere\n  |               ^")
      assert.isTrue(yield* scalar("SELECT to_regclass('users') IS NOT NULL"))
    })
  )

  testApplied("says what a redo would revert and apply again, and changes nothing", (dir) =>
    Effect.gen(function* () {
      const { code, document } = yield* json(["redo", "--dry-run", "--dir", dir])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual([document["reverted"], document["applied"]], [[], []])
      const planned = document["planned"] as ReadonlyArray<Record<string, unknown>>
      assert.deepStrictEqual(
        planned.map(({ direction, file }) => `${direction} ${file}`),
        ["down 0002_orders.down.sql", "up 0002_orders.up.sql"]
      )
      const { stdout } = yield* onDatabase(["migrate", "redo", "--dry-run", "--steps", "2", "--dir", dir])
      assert.match(stdout, /2 migrations would be reverted, 2 applied; nothing was changed\n$/u)
      const nothing = yield* onDatabase(["migrate", "redo", "--dry-run", "--steps", "0", "--dir", dir])
      assert.match(nothing.stdout, /nothing to do: nothing would be reverted or applied again/u)
      assert.isTrue((yield* history).every(({ state }) => state === "applied"))
    })
  )

  testApplied("redoes the latest from its present file", (dir) =>
    Effect.gen(function* () {
      yield* write(dir, { "0002_orders.up.sql": "CREATE TABLE orders (id int, total int)" })
      const { code, document } = yield* json(["redo", "--dir", dir])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual([idsOf(document["reverted"]), idsOf(document["applied"])], [["app/0002"], ["app/0002"]])
      assert.strictEqual(
        yield* scalar("SELECT count(*)::int FROM information_schema.columns WHERE table_name = 'orders'"),
        2
      )
    })
  )

  test("marks what a database has already", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const would = yield* json(["baseline", "1", "--dry-run", "--dir", dir])
      assert.deepStrictEqual([would.code, idsOf(would.document["baselined"])], [0, ["app/0001"]])
      assert.isFalse(yield* exists("pgkeel.migrations"))
      // An id that reads as true is an id.
      const marked = yield* onDatabase(["migrate", "baseline", "--json", "1", "--dir", dir])
      assert.deepStrictEqual([marked.code, idsOf(documentOf(marked)["baselined"])], [0, ["app/0001"]])
      assert.deepInclude(
        (yield* history).find(({ namespace }) => namespace === "app"),
        { id: "0001", state: "baselined" }
      )
      const { stdout } = yield* onDatabase(["migrate", "baseline", "0001", "--dir", dir])
      assert.include(stdout, "nothing to do")
    }))

  testApplied("accepts an edited file when it is told to repair it", (dir) =>
    Effect.gen(function* () {
      yield* write(dir, { "0001_users.up.sql": "CREATE TABLE users (id int) -- of the shop" })
      const refused = yield* json(["up", "--dir", dir])
      assert.deepStrictEqual([refused.code, tagOf(refused.document)], [1, "ChecksumMismatch"])
      const would = yield* json(["repair", "--dry-run", "--dir", dir])
      const { code, document } = yield* json(["repair", "1", "--dir", dir])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(document, would.document)
      const [repaired] = document["repaired"] as ReadonlyArray<Record<string, unknown>>
      assert.deepInclude(repaired, { namespace: "app", id: "0001", name: "users", action: "checksum" })
      assert.strictEqual((yield* json(["up", "--dir", dir])).code, 0)
      const { stdout } = yield* onDatabase(["migrate", "repair", "--dir", dir])
      assert.include(stdout, "nothing to repair")
    })
  )

  test("says which missing files it does not forget unnamed, and the command that does forget each", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ();",
        "2_b.up.sql": "CREATE TABLE b ();",
        "3_c.up.sql": "CREATE TABLE c ();"
      })
      assert.strictEqual((yield* json(["up", "--dir", dir])).code, 0)
      yield* write(dir, { "1_a.up.sql": undefined, "3_c.up.sql": undefined })
      const command = "pgkeel migrate repair 3 --namespace app --forget-missing"
      const shown = yield* onDatabase(["migrate", "repair", "--forget-missing", "--dir", dir])
      assert.include(
        shown.stdout,
        "1 row of the history changed\n\n3_c (app) was left: its file is gone, and it is later than"
      )
      assert.include(shown.stdout, `if no release has it, \`${command}\` forgets it`)
      const again = yield* onDatabase(["migrate", "repair", "--forget-missing", "--dir", dir])
      assert.match(again.stdout, /^3_c \(app\) was left/u)
      const { document } = yield* json(["repair", "--forget-missing", "--policy", "newer=allow", "--dir", dir])
      assert.deepStrictEqual(document["left"], [{ namespace: "app", id: "3", name: "c" }])
      const status = yield* onDatabase(["migrate", "status", "--dir", dir])
      assert.include(status.stdout, `let the history forget it with \`${command}\``)
      assert.strictEqual((yield* onDatabase([...command.split(" ").slice(1), "--dir", dir])).code, 0)
      const last = yield* onDatabase(["migrate", "repair", "--forget-missing", "--dir", dir])
      assert.include(last.stdout, "nothing to repair")
    }))

  test("starts a half-done migration over when it is told so", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "1_half.up.sql": "-- pgkeel:no-transaction\nCREATE TABLE half (id int);\nSELECT * FROM nowhere;"
      })
      assert.strictEqual((yield* json(["up", "--dir", dir])).code, 1)
      assert.deepStrictEqual((yield* json(["repair", "--dir", dir])).document["repaired"], [])
      const { document } = yield* json(["repair", "--half-done", "start-over", "--dir", dir])
      const [repaired] = document["repaired"] as ReadonlyArray<Record<string, unknown>>
      assert.deepInclude(repaired, { id: "1", action: "startOver" })
    }))

  test("says of what stopped on its way down that it is neither applied nor reverted, and of down that there is work", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "1_half.up.sql": "CREATE TABLE half (id int);",
        "1_half.down.sql": "-- pgkeel:no-transaction\nDROP TABLE half;\nSELECT * FROM nowhere;"
      })
      assert.strictEqual((yield* json(["up", "--dir", dir])).code, 0)
      assert.strictEqual((yield* json(["status", "--check", "--dir", dir])).code, 0)
      assert.strictEqual((yield* json(["down", "--dir", dir])).code, 1)
      const { code, document } = yield* json(["status", "--check", "--dir", dir])
      assert.deepStrictEqual([code, tagOf(document)], [1, "HalfDone"])
      const [reverting] = document["pending"] as ReadonlyArray<Record<string, unknown>>
      assert.deepInclude(reverting, { id: "1", state: "reverting" })
      const shown = yield* onDatabase(["migrate", "status", "--dir", dir])
      assert.match(shown.stdout, /1_half +reverting/u)
      assert.include(shown.stdout, "go on with `pgkeel migrate down --namespace app`")
      const repaired = yield* json(["repair", "--half-done", "done", "--dir", dir])
      assert.strictEqual(repaired.code, 0)
      assert.strictEqual((yield* json(["status", "--check", "--dir", dir])).code, 3)
    }))

  test("says which role it cannot act as, and which environment has no seeds", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ ...files, "seeds/a.sql": "SELECT 1", "seeds/development/b.sql": "SELECT 1" })
      const calls = [["up"], ["plan"], ["status"], ["baseline", "1"], ["baseline", "1", "--dry-run"]]
      for (const call of calls) {
        const refused = yield* json([...call, "--role", "nosuch", "--dir", dir])
        assert.deepStrictEqual([refused.code, tagOf(refused.document)], [2, "RoleRefused"])
        assert.include((refused.document["error"] as { readonly message: string }).message, 'the role "nosuch"')
      }
      const logged: Array<string> = []
      const seeded = (environment: string) =>
        onDatabase(["migrate", "up", "--dir", dir, "--seeds", `${dir}/seeds`, "--environment", environment], {
          log: (line) => logged.push(line)
        }).pipe(Effect.provideService(References.MinimumLogLevel, "Warn"))
      assert.strictEqual((yield* seeded("nosuch")).code, 0)
      assert.match(logged.join("\n"), /^warn: there is no .*seeds\/nosuch: only the seeds for every environment run$/u)
      assert.strictEqual((yield* seeded("development")).code, 0)
      assert.strictEqual(logged.length, 1)
    }))

  test("takes over the history of another tool", () =>
    Effect.gen(function* () {
      const dir = yield* directory(files)
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE effect_sql_migrations (migration_id int PRIMARY KEY, created_at timestamptz, name text)`
      yield* sql`INSERT INTO effect_sql_migrations VALUES (1, now(), 'users')`
      const would = yield* onDatabase(["migrate", "adopt", "--dry-run", "--dir", dir])
      assert.strictEqual(would.code, 0, would.stderr)
      assert.match(would.stdout, /^NAMESPACE {2}MIGRATION\napp +0001_users\n\n1 migration would be taken over from/u)
      const { code, document } = yield* json(["adopt", "--from", "effect", "--dir", dir])
      assert.deepStrictEqual([code, document["from"], idsOf(document["adopted"])], [0, "effect", ["app/0001"]])
      const again = yield* onDatabase(["migrate", "adopt", "--dir", dir])
      assert.include(again.stdout, "nothing to do")
      const strange = yield* json(["adopt", "--from", "flyway", "--dir", dir])
      assert.deepStrictEqual([strange.code, tagOf(strange.document)], [1, "AdoptionRefused"])
    }))

  test("seeds what is for an environment after the migrations", () =>
    Effect.gen(function* () {
      const dir = yield* directory({
        "db/1_users.up.sql": "CREATE TABLE users (name text PRIMARY KEY)",
        "seeds/a.sql": "INSERT INTO users VALUES ('everywhere') ON CONFLICT DO NOTHING",
        "seeds/development/b.sql": "INSERT INTO users VALUES ('development') ON CONFLICT DO NOTHING",
        "seeds/production/c.sql": "INSERT INTO users VALUES ('production') ON CONFLICT DO NOTHING"
      })
      const seeds = ["--seeds", `${dir}/seeds`, "--environment", "development"]
      const { code, document } = yield* json(["up", "--dir", `${dir}/db`, ...seeds])
      assert.deepStrictEqual([code, document["ok"]], [0, true])
      assert.strictEqual(
        yield* scalar("SELECT string_agg(name, ', ' ORDER BY name) FROM users"),
        "development, everywhere"
      )
      const alone = yield* json(["up", "--dir", `${dir}/db`, "--environment", "development"])
      assert.deepStrictEqual([alone.code, tagOf(alone.document)], [2, "UsageError"])
    }))

  testApplied("lets pass what a policy says, and tells of it in the status", (dir) =>
    Effect.gen(function* () {
      yield* write(dir, { "0001_users.up.sql": undefined, "0001_users.down.sql": undefined })
      const refused = yield* json(["up", "--dir", dir])
      assert.deepStrictEqual([refused.code, tagOf(refused.document)], [1, "MissingFile"])
      assert.strictEqual((yield* json(["up", "--policy", "missing=allow", "--dir", dir])).code, 0)
      const { document } = yield* json(["status", "--check", "--policy", "missing=allow", "--dir", dir])
      assert.deepStrictEqual(document["problems"], [])
      const missing = (document["applied"] as ReadonlyArray<Record<string, unknown>>).find(
        ({ name }) => name === "users"
      )
      assert.deepStrictEqual(missing?.["tolerated"], { policy: "allow", tag: "MissingFile" })
    })
  )

  test("refuses a policy that there is not, and an answer that is none of it", () =>
    Effect.gen(function* () {
      const dir = yield* directory({})
      for (const [given, problem] of [
        ["lat=allow", "did you mean late?"],
        ["nothing", "there are late, edited, renamed, missing, newer"],
        ["edited=allow", "give edited=fail, edited=warn"]
      ] as const) {
        const { code, document } = yield* json(["up", "--policy", given, "--dir", dir])
        assert.strictEqual(code, 2)
        assert.include((document["error"] as { message: string }).message, problem)
      }
    }))
})
