import { assert, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Redacted } from "effect"
import { NodeFileSystem } from "@effect/platform-node"
import { DatabaseConfig, describeTarget } from "../../src/config/DatabaseConfig.ts"
import { settings } from "../../src/config/internal/settings.ts"
import type { SettingName } from "../../src/config/internal/settings.ts"
import { find, load, passwordOf, problems } from "./support.ts"

const url = "postgres://ada:pw@db.example:6432/shop"

it.effect("A URL alone is enough, and everything else has its documented default", () =>
  Effect.gen(function* () {
    const read = yield* load({ DATABASE_URL: url })
    assert.deepInclude(read, {
      host: "db.example",
      port: 6432,
      database: "shop",
      username: "ada",
      sslMode: "prefer",
      applicationName: "pgkeel",
      rootCertificate: undefined,
      startupOptions: undefined
    })
    assert.strictEqual(passwordOf(read), "pw")
    assert.strictEqual(Duration.toMillis(read.connectTimeout), 5000)
    for (const name of Object.keys(settings) as Array<SettingName>) {
      assert.deepStrictEqual<unknown>(read[name], settings[name].default, name)
    }
  })
)

it.effect("The PG* variables alone are enough, and libpq's defaults fill the gaps", () =>
  Effect.gen(function* () {
    const all = yield* load({
      PGHOST: "h",
      PGPORT: "1",
      PGUSER: "u",
      PGDATABASE: "d",
      PGPASSWORD: "p",
      PGSSLMODE: "allow",
      PGAPPNAME: "shop",
      PGOPTIONS: "-c geqo=off",
      PGCONNECT_TIMEOUT: "7"
    })
    assert.deepInclude(all, {
      host: "h",
      port: 1,
      database: "d",
      username: "u",
      sslMode: "prefer",
      applicationName: "shop",
      startupOptions: "-c geqo=off"
    })
    assert.strictEqual(passwordOf(all), "p")
    assert.strictEqual(Duration.toMillis(all.connectTimeout), 7000)
    const few = yield* load({ PGUSER: "u" })
    assert.deepInclude(few, { host: "localhost", port: 5432, database: "u", username: "u", password: undefined })
    assert.strictEqual((yield* load({ PGUSER: "u", PGCONNECT_TIMEOUT: "0" })).connectTimeout, Duration.infinity)
  })
)

const texts: Readonly<Record<SettingName, readonly [good: string, read: unknown, ...bad: ReadonlyArray<string>]>> = {
  maxConnections: ["20", 20, "0", "10001", "2.5", "ten", "-1", " 5", "1e3"],
  minConnections: ["3", 3, "-1", "x"],
  acquireTimeout: ["250 millis", 250, "5", "0 seconds", "-1 second", "Infinity", "100 days", "5s"],
  idleTimeout: ["1 minute", 60_000, "never", "Infinity"],
  maxLifetime: ["1 hour", 3_600_000, "0 millis", "Infinity"],
  statementTimeout: ["24 days", 2_073_600_000, "0 millis", "25 days", "Infinity"],
  keepAlive: ["10 seconds", 10_000, "off", "Infinity"],
  startTimeout: ["1 minute", 60_000, "0", "Infinity"],
  shutdownTimeout: ["1 second", 1000, "soon", "Infinity"],
  outcomeTimeout: ["2 minutes", 120_000, "long", "Infinity"],
  prepare: ["false", false, "0", "no", "TRUE"]
}

for (const name of Object.keys(settings) as Array<SettingName>) {
  const { variable } = settings[name]
  const [good, expected, ...bad] = texts[name]
  it.effect(`${variable} is read, and refused by its name when it makes no sense`, () =>
    Effect.gen(function* () {
      const value: unknown = (yield* load({ DATABASE_URL: url, [variable]: good }))[name]
      assert.strictEqual(Duration.isDuration(value) ? Duration.toMillis(value) : value, expected)
      for (const text of bad) {
        const wrong = { DATABASE_URL: url, [variable]: text }
        assert.deepStrictEqual(yield* problems(wrong), [["InvalidVariable", variable]], text)
        const { message } = yield* Effect.flip(load(wrong))
        assert.include(message, settings[name].accepted)
      }
    })
  )
}

it.effect("Code wins over the URL, and the URL wins over the PG* variables", () =>
  Effect.gen(function* () {
    const PG = {
      PGHOST: "env",
      PGPORT: "3",
      PGUSER: "env",
      PGDATABASE: "env",
      PGPASSWORD: "env",
      PGAPPNAME: "env",
      PGSSLMODE: "disable",
      PGOPTIONS: "env",
      PGCONNECT_TIMEOUT: "3",
      PGKEEL_POOL_MAX: "3"
    }
    const DATABASE_URL =
      "postgres://url:url@url:2/url?application_name=url&sslmode=require&options=url&connect_timeout=2"
    const inUrl = yield* load({ ...PG, DATABASE_URL })
    const common = { applicationName: "url", host: "url", database: "url", username: "url", startupOptions: "url" }
    assert.deepInclude(inUrl, { ...common, port: 2, sslMode: "require", maxConnections: 3 })
    assert.strictEqual(passwordOf(inUrl), "url")
    assert.strictEqual(Duration.toMillis(inUrl.connectTimeout), 2000)
    const inCode = yield* load(
      { ...PG, DATABASE_URL },
      {
        host: "code",
        port: 1,
        username: "code",
        database: "code",
        password: Redacted.make("code"),
        applicationName: "code",
        sslMode: "verify-full",
        startupOptions: "code",
        connectTimeout: "1 second",
        maxConnections: 1
      }
    )
    assert.deepInclude(inCode, {
      applicationName: "code",
      host: "code",
      database: "code",
      username: "code",
      startupOptions: "code",
      port: 1,
      sslMode: "verify-full",
      maxConnections: 1
    })
    assert.strictEqual(passwordOf(inCode), "code")
    assert.strictEqual(Duration.toMillis(inCode.connectTimeout), 1000)
  })
)

it.effect("What the URL leaves out comes from the PG* variables", () =>
  Effect.gen(function* () {
    const read = yield* load({ DATABASE_URL: "postgres://db.example", PGUSER: "u", PGPASSWORD: "p", PGDATABASE: "d" })
    assert.deepInclude(read, { host: "db.example", username: "u", database: "d" })
    assert.strictEqual(passwordOf(read), "p")
  })
)

it.effect("Another login's URL is complete in itself: the application's PG* login is not mixed in", () =>
  Effect.gen(function* () {
    const variables = {
      DATABASE_ADMIN_URL: "postgres://root@db.example",
      PGPASSWORD: "app's",
      PGDATABASE: "app",
      PGPORT: "3"
    }
    const read = yield* load(variables, {}, "DATABASE_ADMIN_URL")
    assert.deepInclude(read, { username: "root", database: "root", port: 5432, password: undefined })
    const inCode = yield* load({ PGPASSWORD: "app's", PGUSER: "app" }, { url: Redacted.make("postgres://root@h/d") })
    assert.deepInclude(inCode, { username: "root", password: undefined })
  })
)

it.effect("find says undefined when neither the URL nor its file is named, and reads it when one is", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* find("DATABASE_MIGRATOR_URL", { DATABASE_URL: url }), undefined)
    const found = yield* find("DATABASE_MIGRATOR_URL", { DATABASE_MIGRATOR_URL: "postgres://m@h/d" })
    assert.strictEqual(found?.username, "m")
    const error = yield* Effect.flip(find("DATABASE_MIGRATOR_URL", { DATABASE_MIGRATOR_URL_FILE: "/no/such/file" }))
    assert.include(error.message, "DATABASE_MIGRATOR_URL_FILE")
  })
)

it.effect("A variable that is set to nothing counts as not set", () =>
  Effect.gen(function* () {
    const read = yield* load({ DATABASE_URL: "", PGUSER: "u", PGPORT: "", PGPASSWORD: "", PGKEEL_POOL_MAX: "" })
    assert.deepInclude(read, { username: "u", port: 5432, password: undefined, maxConnections: 10 })
  })
)

it.effect("Nothing set at all names the URL and its alternative", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(load({}))
    assert.deepStrictEqual(
      error.reasons.map(({ _tag }) => _tag),
      ["MissingVariable"]
    )
    assert.include(error.message, "DATABASE_URL is not set")
    assert.include(error.message, "PGHOST, PGUSER and PGDATABASE")
  })
)

it.effect("A URL without a user says so, and not that there is no URL", () =>
  Effect.gen(function* () {
    for (const text of ["postgres://", "postgres://h/d"]) {
      const error = yield* Effect.flip(load({ DATABASE_URL: text }))
      assert.include(error.message, "DATABASE_URL names no user")
      assert.include(error.message, "PGUSER")
    }
    const other = yield* Effect.flip(load({}, { url: Redacted.make("postgres://h/d") }))
    assert.notInclude(other.message, "PGUSER")
  })
)

it.effect("All wrong variables are reported at once, each by the name under which it was given", () =>
  Effect.gen(function* () {
    const wrong = yield* problems(
      {
        DATABASE_URL: "mysql://u:p@h/d",
        PGPORT: "70000",
        PGSSLMODE: "please",
        PGSSLROOTCERT: "/no/such.pem",
        PGCONNECT_TIMEOUT: "soon",
        PGHOST: "a,b",
        PGPASSWORD: "p",
        PGPASSWORD_FILE: "/no/such",
        PGKEEL_POOL_MAX: "0",
        PGKEEL_PREPARE: "perhaps"
      },
      { shutdownTimeout: "0 millis", minConnections: -1 }
    )
    assert.sameDeepMembers<readonly [string, string]>(wrong, [
      ["InvalidVariable", "DATABASE_URL"],
      ["InvalidVariable", "PGPORT"],
      ["InvalidVariable", "PGSSLMODE"],
      ["UnreadableFile", "PGSSLROOTCERT"],
      ["InvalidVariable", "PGCONNECT_TIMEOUT"],
      ["InvalidVariable", "PGHOST"],
      ["ConflictingVariables", "PGPASSWORD"],
      ["InvalidVariable", "PGKEEL_POOL_MAX"],
      ["InvalidVariable", "PGKEEL_PREPARE"],
      ["InvalidVariable", "shutdownTimeout"],
      ["InvalidVariable", "minConnections"]
    ])
  })
)

it.effect("A part of the URL that is wrong is named with the URL", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* problems({ DATABASE_URL: "postgres://u@h:0/d?sslmode=maybe&connect_timeout=x" }), [
      ["InvalidVariable", "DATABASE_URL (port)"],
      ["InvalidVariable", "DATABASE_URL (sslmode)"],
      ["InvalidVariable", "DATABASE_URL (connect_timeout)"]
    ])
  })
)

it.effect("A pool that keeps more connections than it may have is refused", () =>
  Effect.gen(function* () {
    const wrong = { DATABASE_URL: url, PGKEEL_POOL_MIN: "11" }
    assert.deepStrictEqual(yield* problems(wrong), [["InvalidVariable", "PGKEEL_POOL_MIN"]])
    assert.deepStrictEqual(yield* problems({ DATABASE_URL: url }, { maxConnections: 2, minConnections: 3 }), [
      ["InvalidVariable", "minConnections"]
    ])
  })
)

it.effect("A certificate that the mode would not look at is refused, and so is a mode that does not exist", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* problems({ DATABASE_URL: url }, { rootCertificate: "PEM" }), [
      ["InvalidVariable", "PGSSLMODE"]
    ])
    const read = yield* load({ DATABASE_URL: `${url}?sslmode=verify-full`, PGSSLROOTCERT: "system" })
    assert.deepInclude(read, { sslMode: "verify-full", rootCertificate: undefined })
  })
)

it.effect("A configuration provider that fails is a problem, and not a variable that is not set", () =>
  Effect.gen(function* () {
    const broken = ConfigProvider.make((path) =>
      path.includes("PGPORT")
        ? Effect.fail(new ConfigProvider.SourceError({ message: "unreachable" }))
        : Effect.undefined
    )
    const error = yield* DatabaseConfig.load({ url: Redacted.make(url) }).pipe(
      Effect.andThen(DatabaseConfig.load()),
      Effect.flip,
      Effect.provide(NodeFileSystem.layer),
      Effect.provide(ConfigProvider.layer(broken))
    )
    assert.include(
      error.reasons.map(({ variable }) => variable),
      "PGPORT"
    )
  })
)

it("A target is described without its password, and an IPv6 address is in brackets", () => {
  const target = { host: "::1", port: 5432, database: "d", username: "u" }
  assert.strictEqual(describeTarget(target), `database "d" at [::1]:5432 as "u"`)
  assert.strictEqual(describeTarget({ ...target, host: "/run/pg" }), `database "d" in /run/pg as "u"`)
})
