/** Options in code as plain JavaScript gives them, where no compiler has looked. */
import { assert, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { inspect } from "node:util"
import type { DatabaseConfigError } from "../../src/config/DatabaseConfigError.ts"
import { settings } from "../../src/config/internal/settings.ts"
import type { SettingName } from "../../src/config/internal/settings.ts"
import type { DatabaseOptions } from "../../src/config/Settings.ts"
import { find, load } from "./support.ts"

const planted = "hunter2"
const url = Redacted.make("postgres://ada:pw@db.example:6432/shop")

/** Past the type checker, as a program without one. */
const refused = (options: unknown, variables: Readonly<Record<string, string>> = {}) =>
  Effect.flip(load(variables, options as DatabaseOptions))

const messages = ({ reasons }: DatabaseConfigError) => reasons.map(({ message }) => message)

it.effect("An option that is not known is refused, with the one that was meant where one is near", () =>
  Effect.gen(function* () {
    const error = yield* refused({ url, maxConections: 3, acquiretimeout: "1 second", hots: "h", colour: "red" })
    const [first, second, third, last] = messages(error)
    assert.strictEqual(first, "maxConections is not an option: did you mean maxConnections?")
    assert.strictEqual(second, "acquiretimeout is not an option: did you mean acquireTimeout?")
    assert.strictEqual(third, "hots is not an option: did you mean host?")
    assert.match(last ?? "", /^colour is not an option: known are url, host, .*prepare$/)
    assert.strictEqual(error.reasons.length, 4)
  })
)

it.effect("An option that is not known is reported with everything else that is wrong", () =>
  Effect.gen(function* () {
    const { reasons } = yield* refused({ maxConections: 3, port: 0, password: planted }, { PGKEEL_PREPARE: "perhaps" })
    assert.sameMembers(
      reasons.map(({ _tag, variable }) => `${_tag} ${variable}`),
      [
        "UnknownOption maxConections",
        "InvalidVariable port",
        "InvalidVariable password",
        "InvalidVariable PGKEEL_PREPARE",
        "MissingVariable DATABASE_URL"
      ]
    )
  })
)

it.effect("An option that is undefined counts as not given, known or not", () =>
  Effect.gen(function* () {
    const options: unknown = { url, maxConnections: undefined, maxConections: undefined, password: undefined }
    const read = yield* load({}, options as DatabaseOptions)
    assert.strictEqual(read.maxConnections, 10)
  })
)

it.effect("Options that are inherited from a prototype are read and checked like one's own", () =>
  Effect.gen(function* () {
    const shared = { url, maxConnections: 4 }
    assert.strictEqual((yield* load({}, Object.create(shared) as DatabaseOptions)).maxConnections, 4)
    assert.deepStrictEqual(messages(yield* refused(Object.create({ ...shared, prepar: true }))), [
      "prepar is not an option: did you mean prepare?"
    ])
  })
)

const secrets: ReadonlyArray<readonly [what: string, value: unknown, said: string]> = [
  ["a plain string", `postgres://u:${planted}@h/d`, "is a plain string"],
  ["a URL object", new URL(`postgres://u:${planted}@h/d`), "is an object"],
  ["null", null, "is null"],
  [
    "a Redacted of nothing, as a variable that is not set leaves it",
    Redacted.make(undefined),
    "a Redacted of undefined"
  ]
]

for (const [what, value, said] of secrets) {
  it.effect(
    `A URL or a password that is ${what} is refused without being shown, and nothing is read in its place`,
    () =>
      Effect.gen(function* () {
        for (const name of ["url", "password"]) {
          const error = yield* refused({ username: "u", ...(name === "password" && { url }), [name]: value })
          assert.deepStrictEqual(messages(error).length, 1, error.message)
          assert.include(error.message, `${name} is`)
          assert.include(error.message, said)
          assert.include(error.message, `Redacted.make(${name})`)
          for (const shown of [error.message, String(error), JSON.stringify(error), inspect(error, { depth: null })]) {
            assert.notInclude(shown, planted)
          }
        }
        const withVariables = yield* refused({ url: value }, { DATABASE_URL: "mysql://u@h/d", PGPORT: "none" })
        assert.strictEqual(withVariables.reasons.length, 1, withVariables.message)
      })
  )
}

it.effect("A secret that was wiped is refused with a type", () =>
  Effect.gen(function* () {
    const wiped = Redacted.make("postgres://u@h/d")
    Redacted.wipeUnsafe(wiped)
    assert.include((yield* refused({ url: wiped })).message, "url is a Redacted without its value")
  })
)

const wrongKinds = { number: "10", duration: true, flag: 1 } as const

for (const name of Object.keys(settings) as Array<SettingName>) {
  it.effect(`${name} of a wrong type is refused by its name, with what came and what is accepted`, () =>
    Effect.gen(function* () {
      const { accepted, kind } = settings[name]
      const value = wrongKinds[kind]
      assert.deepStrictEqual(messages(yield* refused({ url, [name]: value })), [
        `${name} is a ${typeof value}: give ${accepted}`
      ])
      for (const other of [null, {}, [], () => 1, Symbol("s"), planted]) {
        const error = yield* refused({ url, [name]: other })
        assert.deepStrictEqual(
          error.reasons.map(({ variable }) => variable),
          [name]
        )
        assert.notInclude(error.message, planted)
      }
    })
  )
}

it.effect("Text, ports and modes of a wrong type are refused by their names", () =>
  Effect.gen(function* () {
    const texts = ["host", "database", "username", "sslMode", "rootCertificate", "applicationName", "startupOptions"]
    for (const name of texts) {
      const [message, ...more] = messages(yield* refused({ url, [name]: 42 }))
      assert.match(message ?? "", new RegExp(`^${name} is a number: give `))
      assert.deepStrictEqual(more, [])
    }
    assert.deepStrictEqual(messages(yield* refused({ url, port: "5432" })), [
      "port is a string: give a port from 1 to 65535"
    ])
    assert.include((yield* refused({ url, connectTimeout: {} })).message, "connectTimeout ")
  })
)

it.effect("What is missing only because an option is wrong is not complained of as well", () =>
  Effect.gen(function* () {
    const nobody = { host: "h", username: 42 }
    assert.deepStrictEqual(messages(yield* refused(nobody)).length, 1)
    assert.deepStrictEqual(messages(yield* refused({ url, maxConnections: "20", minConnections: 15 })).length, 1)
  })
)

it.effect("What is no object of options is refused without being shown", () =>
  Effect.gen(function* () {
    for (const given of [`postgres://u:${planted}@h/d`, null, 42, [url], url]) {
      const { message } = yield* refused(given, { PGUSER: "u" })
      assert.include(message, "what was given for the options is")
      assert.notInclude(message, planted)
    }
  })
)

it.effect("A URL that was given under a misspelt name is not taken for one that is absent", () =>
  Effect.gen(function* () {
    const options: unknown = { ulr: url }
    const error = yield* Effect.flip(find("DATABASE_ADMIN_URL", {}, options as DatabaseOptions))
    assert.include(error.message, "ulr is not an option: did you mean url?")
  })
)

it.effect("Every form of a duration that its type allows is still one", () =>
  Effect.gen(function* () {
    const forms = ["2 seconds", 2000, 2_000_000_000n, [2, 0], Duration.seconds(2), { seconds: 2 }] as const
    for (const acquireTimeout of forms) {
      assert.strictEqual(Duration.toMillis((yield* load({}, { url, acquireTimeout })).acquireTimeout), 2000)
    }
  })
)
