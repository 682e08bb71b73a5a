/** What needs no database: help, wrong usage, and what is kept out of everything that is printed. */
import { assert, describe, it } from "@effect/vitest"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { hiding } from "../../src/cli/internal/secrets.ts"
import { directory } from "../migration/support.ts"
import { cli, documentOf } from "./support.ts"

const effect = (name: string, body: () => Effect.Effect<void>) => it.live(name, body)

const commands = ["up", "down", "redo", "status", "plan", "lint", "new", "baseline", "repair", "adopt"]

describe("pgkeel", () => {
  effect("shows what there is, of every command, on standard output", () =>
    Effect.gen(function* () {
      const root = yield* cli(["--help"])
      assert.deepStrictEqual([root.code, root.stderr], [0, ""])
      assert.match(root.stdout, /migrate +Bring a database/u)
      const list = yield* cli(["migrate", "--help"])
      for (const command of commands) {
        assert.match(list.stdout, new RegExp(`\\n  ${command} +[A-Z]`, "u"))
        const { code, stdout } = yield* cli(["migrate", command, "--help"])
        assert.strictEqual(code, 0)
        assert.include(stdout, `USAGE\n  pgkeel migrate ${command} `)
        for (const flag of ["--url", "--dir", "--json"]) assert.include(stdout, `${flag} `)
      }
    })
  )

  effect("shows what there is of the schema, too", () =>
    Effect.gen(function* () {
      const list = yield* cli(["schema", "--help"])
      for (const command of ["snapshot", "verify", "diff", "diagram"]) {
        assert.match(list.stdout, new RegExp(`\\n  ${command} +[A-Z]`, "u"))
        const { code, stdout } = yield* cli(["schema", command, "--help"])
        assert.strictEqual(code, 0)
        assert.include(stdout, `USAGE\n  pgkeel schema ${command} `)
        for (const flag of ["--url", "--shadow", "--json"]) assert.include(stdout, `${flag} `)
      }
    })
  )

  effect("prints its version, and scripts for completion", () =>
    Effect.gen(function* () {
      assert.match((yield* cli(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/u)
      for (const shell of ["bash", "zsh", "fish"]) {
        const { code, stdout } = yield* cli(["--completions", shell])
        assert.strictEqual(code, 0)
        for (const word of ["migrate", "status", "dry-run"]) assert.include(stdout, word)
      }
    })
  )

  effect("asks for a subcommand where one is missing", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* cli(["migrate"])
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.include(stderr, "SUBCOMMANDS")
      const asked = yield* cli(["migrate", "--json"])
      assert.strictEqual(asked.code, 2)
      assert.deepInclude(documentOf(asked)["error"] as object, { message: "pgkeel migrate needs a subcommand" })
    })
  )

  const misspelt: ReadonlyArray<readonly [args: ReadonlyArray<string>, meant: string]> = [
    [["migrat", "up"], "migrate"],
    [["migrate", "statsu"], "status"],
    [["migrate", "up", "--dry-rum"], "--dry-run"],
    [["migrate", "down", "--step", "1"], "--steps"],
    [["migrate", "up", "--dri", "sql"], "--dir"],
    [["migrate", "up", "--jsno"], "--json"],
    [["schema", "verify", "--utl", "postgres://db"], "--url"]
  ]

  for (const [args, meant] of misspelt) {
    effect(`says what was meant by \`${args.join(" ")}\``, () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* cli(args)
        assert.deepStrictEqual([code, stdout], [2, ""])
        assert.match(stderr, new RegExp(`Did you mean this\\?\\n +${meant}\\n`, "u"))
        const asked = yield* cli([...args, "--json"])
        assert.strictEqual(asked.code, 2)
        const { error, ok } = documentOf(asked) as { error: Record<string, string>; ok: boolean }
        assert.deepStrictEqual([ok, error["tag"], error["code"]], [false, "UsageError", "PGK0001"])
        assert.include(error["message"], meant)
      })
    )
  }

  effect("answers with one document wherever --json stands, and not where it is an argument", () =>
    Effect.gen(function* () {
      for (const args of [
        ["--json", "migrate", "up"],
        ["migrate", "--json", "up"],
        ["migrate", "up", "--json"]
      ]) {
        const ended = yield* cli(args)
        assert.strictEqual(ended.code, 2)
        assert.deepInclude(documentOf(ended)["error"] as object, { tag: "DatabaseConfigError", code: "PGK0002" })
      }
      const { stderr, stdout } = yield* cli(["migrate", "up", "--", "--json"])
      assert.strictEqual(stdout, "")
      assert.include(stderr, "Unexpected positional argument")
    })
  )

  effect("says in colours what a terminal shows, and without them elsewhere", () =>
    Effect.gen(function* () {
      assert.include((yield* cli(["migrate", "up"], { terminal: true })).stderr, "\u001B[31m")
      assert.notInclude((yield* cli(["migrate", "up"])).stderr, "\u001B")
    })
  )

  effect("says how a database is named when none is", () =>
    Effect.gen(function* () {
      const { stderr } = yield* cli(["migrate", "status"])
      assert.include(stderr, "DATABASE_URL is not set")
      assert.include(stderr, "--url gives it")
    })
  )

  effect("warns once of a variable that it does not read, wherever the database comes from, and without one", () =>
    Effect.gen(function* () {
      const url = "postgres://me@127.0.0.1:1/z"
      const runs: ReadonlyArray<readonly [args: ReadonlyArray<string>, env: Record<string, string>]> = [
        [["migrate", "status", "--url", url], {}],
        [["migrate", "status"], { DATABASE_URL: url }],
        [["migrate", "status"], { DATABASE_MIGRATOR_URL: url }],
        [["migrate", "lint", "src"], {}],
        [["migrate", "lint"], { DATABASE_URL: url, PGKEEL_MIGRATIONS: "migrations" }],
        [["schema", "diff", url, url], {}]
      ]
      for (const [args, env] of runs) {
        const lines: Array<string> = []
        yield* cli(args, { env: { ...env, PGKEEL_MIGRATION: "./x" }, log: (line) => lines.push(line) })
        const warned = lines.filter((line) => line.includes("PGKEEL_MIGRATION (did you mean PGKEEL_MIGRATIONS?)"))
        assert.strictEqual(warned.length, 1, args.join(" "))
      }
    })
  )

  const directories: ReadonlyArray<readonly [given: string, problem: string]> = [
    ["=x", "give a path, or NAMESPACE=PATH"],
    ["app=", "give a path, or NAMESPACE=PATH"],
    ["me:s3cret@db=migrations", "the directory me:***@db=migrations is not accepted: give a path, or NAMESPACE=PATH"],
    ["pgkeel=x", "that of the package's own tables"]
  ]

  for (const [given, problem] of directories) {
    effect(`refuses --dir ${given}`, () =>
      Effect.gen(function* () {
        const { code, stderr } = yield* cli(["migrate", "status", "--dir", given])
        assert.strictEqual(code, 2)
        assert.include(stderr, problem)
      })
    )
  }

  effect("is wrong usage where two directories have one namespace, or one is not there", () =>
    Effect.gen(function* () {
      const env = { DATABASE_URL: "postgres://x:y@127.0.0.1:1/z" }
      for (const [dirs, tag] of [
        [["--dir", "/nowhere", "--dir", "app=/nowhere"], "Duplicate"],
        [["--dir", "/nowhere"], "DirectoryUnreadable"]
      ] as const) {
        const ended = yield* cli(["migrate", "status", ...dirs, "--json"], { env })
        assert.strictEqual(ended.code, 2)
        assert.deepInclude(documentOf(ended)["error"] as object, { tag })
      }
    })
  )

  effect("says of two files with one id only what is true of both", () =>
    Effect.gen(function* () {
      const dir = yield* directory({ "07_a.up.sql": "SELECT 1;", "7_b.up.sql": "SELECT 1;" })
      const env = { DATABASE_URL: "postgres://x:y@127.0.0.1:1/z" }
      const ended = yield* cli(["migrate", "status", "--dir", dir, "--json"], { env })
      assert.deepInclude(documentOf(ended)["error"] as object, {
        tag: "Duplicate",
        migration: { namespace: "app", id: "07" }
      })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.orDie)
  )

  it("hides passwords in statements, too", () =>
    assert.strictEqual(hiding([])("CREATE ROLE a PASSWORD 'it''s s3cret' LOGIN"), "CREATE ROLE a PASSWORD '***' LOGIN"))

  const secrets: ReadonlyArray<ReadonlyArray<string>> = [
    ["migrate", "up", "--url", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["migrate", "up", "--url", "postgres://me:s3cret@127.0.0.1:port/z"],
    ["migrate", "up", "--url", "postgres://me:/s3cret@@127.0.0.1:1/z"],
    ["migrate", "up", 'postgres://me:s3cret "s3cret"@127.0.0.1:1/z'],
    ["migrate", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["postgres://me:s3cret@127.0.0.1:1/z"],
    ["migrate", "up", "--ulr", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["migrate", "up", "--ulr=postgres://me:s3cret@127.0.0.1:1/z"],
    ["migrate", "down", "--steps", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["migrate", "up", "--lock-patience", "postgres://127.0.0.1:1/z?user=me&password=s3cret"],
    ["migrate", "up", "--dir", "pgkeel=postgres://me:s3cret@127.0.0.1:1/z"],
    ["migrate", "up", "host=x password='s3cret s3cret'"],
    ["migrate", "lint", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["schema", "snapshot", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["schema", "diff", "postgres://me:s3cret@127.0.0.1:1/z", "postgres://127.0.0.1:1/z?user=me&password=s3cret"],
    ["schema", "diff", "postgres://me:/s3cret@@127.0.0.1:1/z", "x.json"],
    ["schema", "diff", "postgres://me:s3cret@127.0.0.1:port/z", "x.json"],
    ["schema", "diff", "postgre://me:s3cret@127.0.0.1:1/z", "x.json"],
    ["schema", "diff", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["schema", "diagram", "postgres://127.0.0.1:1/z?user=me&password=s3cret"],
    ["schema", "diagram", "package.json", "--shadow", "postgres://me:s3cret@127.0.0.1:1/z"],
    ["schema", "verify", "--snapshot", "postgres://me:s3cret@127.0.0.1:1/z"]
  ]

  const mistyped: ReadonlyArray<string> = [
    "postgres:/me:s3cret@127.0.0.1:1/z",
    "postgres//me:s3cret@127.0.0.1:1/z",
    "postgres:me:s3cret@127.0.0.1:1/z",
    "me:s3cret@127.0.0.1/z",
    "me:/s3cret@127.0.0.1/z",
    "m:/s3cret@127.0.0.1/z",
    "me@home:s3cret@127.0.0.1/z",
    "me:a/b/s3cret@127.0.0.1/z",
    "me:a/../../s3cret@127.0.0.1/z",
    "me:s3cret/../a@127.0.0.1/z",
    "me:s3cret=a@127.0.0.1/z",
    'me:a\\s3cret"s3cret@127.0.0.1/z',
    "postgres://me:s3cret@127.0.0.1:1/z",
    "postgres://me:a%20s3cret@127.0.0.1:1/z",
    "postgres://me:a//s3cret@127.0.0.1:1/z",
    "postgres://:s3cret@127.0.0.1:1/z"
  ]

  const places: ReadonlyArray<(url: string) => ReadonlyArray<string>> = [
    (url) => [url],
    (url) => [`--${url}`],
    (url) => ["migrate", url],
    (url) => ["migrate", "up", url],
    (url) => ["migrate", "up", "--url", "postgres://me@127.0.0.1:1/z", "--dir", url],
    (url) => ["migrate", "up", "--url", "postgres://me@127.0.0.1:1/z", "--seeds", url, "--environment", url],
    (url) => ["migrate", "up", "--url", "postgres://me@127.0.0.1:1/z", "--to", url],
    (url) => ["migrate", "up", "--config", url],
    (url) => ["migrate", "up", "--config", `${url}.json`],
    (url) => ["migrate", "up", "--wait", url],
    (url) => ["migrate", "up", "--policy", url],
    (url) => ["migrate", "up", "--policy", `late=${url}`],
    (url) => ["migrate", "lint", url],
    (url) => ["schema", "snapshot", url],
    (url) => ["schema", "diff", "package.json", url],
    (url) => ["schema", "diff", url, "package.json"],
    (url) => ["schema", "verify", "--snapshot", url],
    (url) => ["schema", "verify", "--snapshot", "package.json", "--ignore", url]
  ]

  // Every second place in JSON, and the others with the next one.
  for (const [spelling, url] of mistyped.entries()) {
    effect(`keeps the password of ${url} to itself wherever it stands`, () =>
      Effect.gen(function* () {
        for (const [at, place] of places.entries()) {
          const given = (at + spelling) % 2 === 0 ? place(url) : [...place(url), "--json"]
          const lines: Array<string> = []
          const { code, stderr, stdout } = yield* cli(given, { log: (line) => lines.push(line) })
          assert.notStrictEqual(code, 0)
          assert.notInclude([stdout, stderr, ...lines].join("\n"), "s3cret", given.join(" "))
        }
      })
    )
  }

  it("hides passwords that a configuration has, with a slash too few", () =>
    assert.strictEqual(
      hiding([])("/srv/postgres:/me:s3cret@db/x and postgres//me:s3cret@db, postgres://me:/s3cret@db"),
      "/srv/postgres:/me:***@db/x and postgres//me:***@db, postgres://me:***@db"
    ))

  it("hides nothing that is no password", () => {
    const args = [
      "a:b",
      "12:30",
      "--dir=app=./node_modules/@scope/app",
      "file:///srv/app@1/x",
      "C:\\srv\\app@1",
      "--dir=C:\\srv\\app@1",
      "me:app@db"
    ]
    const text = `${args.slice(0, -1).join(" ")} app postgres://me@db:5432/x 12:30:05 file:///srv/app@1/x.ts:1:2 a@b.c`
    assert.strictEqual(hiding(args)(text), text)
  })

  effect("says of a URL without its slashes that it is none", () =>
    Effect.gen(function* () {
      for (const args of [
        ["schema", "snapshot"],
        ["migrate", "lint"]
      ]) {
        for (const url of ["postgres:/me:s3cret@db/x", "postgresql//db/x", "me:s3cret@db/x"]) {
          const { code, stderr } = yield* cli([...args, url])
          assert.strictEqual(code, 2)
          assert.include(stderr, "is no URL, since it does not begin with postgres://")
        }
      }
    })
  )

  for (const args of secrets) {
    effect(`keeps the password to itself of \`${args.join(" ")}\``, () =>
      Effect.gen(function* () {
        for (const given of [args, [...args, "--json"]]) {
          const { code, stderr, stdout } = yield* cli(given)
          assert.notStrictEqual(code, 0)
          assert.notInclude(stdout + stderr, "s3cret")
        }
      })
    )
  }
})
