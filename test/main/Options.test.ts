/** What `Main.layer` makes of options that no compiler has looked at, and of two logins that do not fit. */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import { DatabaseConfigError } from "../../src/config/DatabaseConfigError.ts"
import * as Main from "../../src/MainLive.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import type { VerifyOptions } from "../../src/schema/SchemaVerifier.ts"
import { TableInitializer } from "../../src/schema/TableInitializer.ts"
import type { TableInitializerOptions } from "../../src/schema/TableInitializer.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { app, noteTable, onFreshDatabase, quiet, run, start, startHere, tagOf } from "./support.ts"

const fresh = onFreshDatabase(freshDatabase())

/** A port on which nobody listens: what is wrong with options is said before anything is connected to. */
const url = Redacted.make("postgres://u:pw@127.0.0.1:1/d")

const refused = Effect.fnUntraced(function* (options: unknown, env: Readonly<Record<string, string>> = {}) {
  const error = yield* Effect.provide(Main.StartReport, Main.layer(options as Main.MainOptions), { local: true }).pipe(
    Effect.flip,
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
    quiet
  )
  assert.instanceOf(error, DatabaseConfigError)
  return error instanceof DatabaseConfigError ? error.reasons.map(({ message }) => message) : []
})

it.live(
  "Misspelt options are refused together, with what was meant, whichever part of the package they belong to",
  () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* refused({
          url,
          maxConections: 3,
          migratons: [],
          critcal: [],
          transformJSON: true,
          migrater: url,
          migrationPolicy: {},
          hooks: {}
        }),
        [
          "maxConections is not an option: did you mean maxConnections?",
          "migratons is not an option: did you mean migrations?",
          "critcal is not an option: did you mean critical?",
          "transformJSON is not an option: did you mean transformJson?",
          "migrater is not an option: did you mean migrator?",
          "migrationPolicy is not an option: did you mean migrationPolicies?",
          "hooks is not an option: did you mean migrationHooks?"
        ]
      )
    })
)

const wrong: ReadonlyArray<readonly [options: object, said: RegExp]> = [
  [
    { critical: ["customer"] },
    /^critical is an array with a string at \[0\]: give tables such as \[\{ table: "customer"/
  ],
  [{ critical: "customer" }, /^critical is a string: give tables/],
  [
    { critical: [{ table: "a" }, { table: "b", colums: ["id"] }, { table: 3 }] },
    /^critical is an array with an object whose "colums" is not known \(did you mean columns\?\) at \[1\], and an object whose "table" is a number at \[2\]: /
  ],
  [
    { critical: [{ table: "a", columns: "id" }] },
    /^critical is an array with an object whose "columns" is a string at /
  ],
  [
    { critical: [{ table: "a", columns: [{ name: "id", typ: "int" }] }] },
    /^critical is an array with an object whose "columns" is an array with an object whose "typ" is not known \(did you/
  ],
  [
    { critical: [{ table: "a", model: {} }] },
    /^critical is an array with an object whose "model" is an object without/
  ],
  [
    { schema: { drift: "ignore" } },
    /^schema is an object whose "drift" is a string that is none of fail, warn: give an/
  ],
  [
    { schema: { ignore: ["everything"] } },
    /^schema is an object whose "ignore" is an array with a string that is neither/
  ],
  [
    { schema: { ignore: ["tabel audit"] } },
    /^schema is an object whose "ignore" is an array with a string that is of a kind that there is not \(did you mean table\?\)/
  ],
  [{ schema: { snapshot: 3 } }, /^schema is an object whose "snapshot" is a number: give an object such as \{ drift: /],
  [{ schema: { pending: true } }, /^schema is an object whose "pending" is a boolean: /],
  [{ tables: ["scratch"] }, /^tables is an array with a string at \[0\]: give tables such as /],
  [{ tables: [{ table: "scratch" }] }, /^tables is an array with an object whose "ddl" is undefined at \[0\]: /],
  [{ migrations: ["./migrations"] }, /^migrations is an array with a string at \[0\]: give a directory/],
  [{ migrations: [{ namespace: "app" }] }, /^migrations is an array with an object without a namespace, or without a/],
  [{ migrations: [{ directory: "./migrations" }] }, /^migrations is an array with an object without a namespace/],
  [{ migrations: [{ namespace: "app", directory: 42 }] }, /^migrations is an array with an object without a namespace/],
  [
    { migrationPolicies: { newer: "alow" } },
    /^migrationPolicies is an object whose "newer" is a string that is no policy: give policies such as /
  ],
  [{ migrationPolicies: { edited: "allow" } }, /^migrationPolicies is an object whose "edited" is a string that is no/],
  [
    { migrationPolicies: { newr: "allow" } },
    /^migrationPolicies is an object whose "newr" is not known \(did you mean/
  ],
  [
    { sessions: { statementTimeout: "5 parsecs" } },
    /^sessions is an object whose "statementTimeout" is no duration: give an object such as \{ component: "bot", /
  ],
  [{ sessions: { actor: "ada" } }, /^sessions is an object whose "actor" is not known/],
  [{ migrations: 42 }, /^migrations is a number: give a directory/],
  [
    { migrator: "postgres://u:hunter2@h/d" },
    /^migrator is a plain string: give it wrapped, as Redacted.make\(migrator\)$/
  ],
  [{ transformJson: "yes" }, /^transformJson is a string: give true or false$/],
  [{ transformQueryNames: "snake" }, /^transformQueryNames is a string: give a function/],
  [{ sslMode: true }, /^sslMode is a boolean: give one of disable, /]
]

for (const [options, said] of wrong) {
  it.live(`Options of a wrong shape are refused once: ${said.source.slice(1, 60)}`, () =>
    Effect.gen(function* () {
      const messages = yield* refused({ url, ...options })
      assert.strictEqual(messages.length, 1, messages.join("\n"))
      assert.match(messages[0] ?? "", said)
      assert.notInclude(messages.join(), "hunter2")
    })
  )
}

it.live("What is no object of options is refused", () =>
  Effect.gen(function* () {
    for (const given of [null, "postgres://u:hunter2@h/d", url, 42]) {
      const messages = yield* refused(given, { DATABASE_URL: "postgres://u@h/d" })
      assert.strictEqual(messages.length, 1, messages.join("\n"))
      assert.include(messages[0] ?? "", "what was given for the options is")
    }
  })
)

it.live("A migrator's URL in code that is wrong is complained of by the option's name", () =>
  Effect.gen(function* () {
    const migrator = Redacted.make("postgres://u:hunter2@h:port/d")
    const [message, ...more] = yield* refused({ url, migrator })
    assert.include(message ?? "", "migrator has a port that is not a number")
    assert.deepStrictEqual(more, [])
  })
)

it.live("Logins of two databases at one address are refused before anything is opened, and both are named", () =>
  Effect.gen(function* () {
    const migrator = Redacted.make("postgres://m:hunter2@127.0.0.1:1/other")
    const [inCode] = yield* refused({ url, migrator })
    assert.include(inCode ?? "", `migrator leads to another database than the application's login: database "other" at`)
    assert.include(inCode ?? "", `database "d" at 127.0.0.1:1 as "u"`)
    const [inVariables] = yield* refused({ url }, { DATABASE_MIGRATOR_URL: Redacted.value(migrator) })
    assert.include(inVariables ?? "", "DATABASE_MIGRATOR_URL leads to another database")
    assert.notInclude(`${inCode}${inVariables}`, "hunter2")
  })
)

const otherwise = (url: Redacted.Redacted, change: (url: URL) => void) => {
  const parts = new URL(Redacted.value(url))
  change(parts)
  return Redacted.make(parts.toString())
}

it.live("Logins of one database by two names of its server are accepted, as with a pooler before the application", () =>
  fresh(
    Effect.gen(function* () {
      const { host, url } = yield* TestDatabase
      const migrator = otherwise(url, (parts) => (parts.hostname = host === "localhost" ? "127.0.0.1" : "localhost"))
      const { initialization } = yield* start(url, { migrator, migrations: app(noteTable) })
      assert.strictEqual(initialization.applied.length, ownMigrations.length + 1)
    })
  )
)

it.live("A migrator's login whose server says that it is in another database changes nothing there", () =>
  fresh(
    Effect.gen(function* () {
      const { host, name, url } = yield* TestDatabase
      const migrator = otherwise(url, (parts) => {
        parts.hostname = host === "localhost" ? "127.0.0.1" : "localhost"
        parts.pathname = "/postgres"
      })
      const options = [
        { migrations: app(noteTable) },
        { tables: [{ table: "scratch", ddl: "CREATE TABLE scratch ()" }] }
      ]
      for (const option of options) {
        const error = yield* Effect.flip(start(url, { migrator, ...option }))
        assert.strictEqual(tagOf(error), "MigratorElsewhere")
        assert.include(error.message, `"postgres" and the application's to "${name}"`)
        yield* startHere()
      }
      const left = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) =>
          sql`SELECT to_regclass('note') AS note, to_regclass('scratch') AS scratch, to_regnamespace('pgkeel') AS own`
      ).pipe(Effect.provide(PgClient.layer({ url: migrator }), { local: true }))
      assert.deepStrictEqual(yield* left, [{ note: null, scratch: null, own: null }])
    })
  )
)

it.live("Pending migrations are refused with the database and the place that they are pending in", () =>
  fresh(
    Effect.gen(function* () {
      const { host, name, port, url } = yield* TestDatabase
      const error = yield* Effect.flip(start(url, { migrations: app(noteTable) }))
      assert.include(
        error.message,
        `${ownMigrations.length + 1} migrations are pending in database "${name}" at ${host}:${port} as "`
      )
      assert.notInclude(error.message, Redacted.value(url))
    })
  )
)

it.live("The search path may be set in the URL, as the refusal of Prisma's schema says", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* startHere()
      const withPath = Redacted.make(`${Redacted.value(url)}?options=-c%20search_path%3Dapp`)
      const [row] = yield* run(
        withPath,
        {},
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SHOW search_path`)
      )
      assert.deepStrictEqual(row, { search_path: "app" })
    })
  )
)

it.live("The defaults of sessions hold for those that do not say otherwise", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* startHere()
      const timeout = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SHOW lock_timeout`)
      const both = Effect.flatMap(SessionFactory, ({ withSession }) =>
        Effect.all([withSession({})(timeout), withSession({ lockTimeout: "9 seconds" })(timeout)])
      )
      const rows = yield* run(url, { sessions: { lockTimeout: "7 seconds" } }, both)
      assert.deepStrictEqual(rows.flat(), [{ lock_timeout: "7s" }, { lock_timeout: "9s" }])
    })
  )
)

it.live("A verifier refuses what is no object of its options, instead of verifying nothing", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const wrong: ReadonlyArray<readonly [options: unknown, said: string]> = [
        [["customer"], "options is an array"],
        [{ snapshot: "schema.json" }, 'options is an object whose "snapshot" is a string'],
        [{ tables: [] }, 'options is an object whose "tables" is not known'],
        [{ additions: "newer" }, 'options is an object whose "additions" is a string that is none of refuse, allow']
      ]
      const errors = yield* Effect.flatMap(SchemaVerifier, ({ verify }) =>
        Effect.forEach(wrong, ([options]) => Effect.flip(verify(options as VerifyOptions)))
      ).pipe(Effect.provide(Layer.provide(SchemaVerifier.layer, PgClient.layer({ url }))))
      for (const [index, [, said]] of wrong.entries()) {
        assert.strictEqual(errors[index] && tagOf(errors[index]), "InvalidOption")
        assert.include(errors[index]?.message, said)
        assert.include(errors[index]?.message, ": give an object such as")
      }
    })
  )
)

it.live("A verifier and an initializer without Main refuse tables that are none, with a type of their own", () =>
  fresh(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* startHere()
      const wrong: unknown = ["customer"]
      const verify = Effect.flatMap(SchemaVerifier, ({ verify }) => verify({ critical: wrong as [] }))
      const initialize = (options: TableInitializerOptions) =>
        Effect.flatMap(TableInitializer, ({ initializeTables }) => initializeTables).pipe(
          Effect.provide(Layer.fresh(Layer.provide(TableInitializer.layer(options), NodeServices.layer))),
          Effect.asVoid
        )
      for (const [use, option] of [
        [Effect.asVoid(verify), "critical"],
        [initialize({ critical: wrong as [] }), "critical"],
        [initialize({ tables: wrong as [] }), "tables"]
      ] as const) {
        const error = yield* Effect.flip(run(url, {}, use))
        assert.strictEqual(tagOf(error), "InvalidOption")
        assert.include(error.message, `${option} is an array with a string at [0]: give tables such as`)
      }
    })
  )
)
