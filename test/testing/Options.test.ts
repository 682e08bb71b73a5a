/** Options of a server and a database for tests that no compiler has looked at. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"
import { EmbeddedPostgres, TestDatabase } from "../../src/testing/index.ts"

/** Nobody listens there: what is refused was refused before anything was asked. */
const text = "postgres://postgres:hunter2@127.0.0.1:1/postgres"
const url = Redacted.make(text)

const ofServer: ReadonlyArray<readonly [options: unknown, said: string]> = [
  [{ prot: 1 }, `the option "prot" of EmbeddedPostgres.layer is not known: did you mean port?`],
  [{ port: "5432" }, `"port" of EmbeddedPostgres.layer is a string: give a port from 1 to 65535, or 0 for a free one`],
  [{ port: 70_000 }, `"port" of EmbeddedPostgres.layer is no port: give a port`],
  [
    { password: "hunter2" },
    `"password" of EmbeddedPostgres.layer is a plain string: give it wrapped, as Redacted.make(pa`
  ],
  [{ extensions: "pg_trgm" }, `"extensions" of EmbeddedPostgres.layer is a string: give names such as ["pg_trgm"]`],
  [
    { settings: { max_connections: 42 } },
    `"settings" of EmbeddedPostgres.layer is an object whose "max_connections" is a n`
  ],
  [18, `the options of EmbeddedPostgres.layer are a number: give an object such as { extensions: ["pg_trgm"] }`]
]

for (const [options, said] of ofServer) {
  it.effect(`A server is not started with options that are wrong: ${said}`, () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(EmbeddedPostgres, EmbeddedPostgres.layer(options as never)))
      assert.strictEqual(error.reason._tag, "InvalidOption")
      assert.include(error.message, said)
      assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
    })
  )
}

const ofDatabase: ReadonlyArray<readonly [given: unknown, options: unknown, said: string]> = [
  [text, {}, `the URL of TestDatabase.layerServer is a plain string: give it wrapped, as Redacted.make(url)`],
  [undefined, {}, `the URL of TestDatabase.layerServer is undefined: give it wrapped`],
  [
    url,
    { template: { build: Effect.void } },
    `"template" of TestDatabase.layerServer is an object whose "key" is undefined: give an object such as { key:`
  ],
  [url, { template: { key: "a", build: () => Effect.void } }, `is an object whose "build" is a function: give`],
  [url, { tmplate: {} }, `the option "tmplate" of TestDatabase.layerServer is not known: did you mean template?`],
  [url, { strategy: 1 }, `"strategy" of TestDatabase.layerServer is a number: give "wal_log" or "file_copy"`],
  [url, "x", `the options of TestDatabase.layerServer are a string: give an object such as`]
]

for (const [given, options, said] of ofDatabase) {
  it.effect(`A database is not made from what is wrong: ${said}`, () =>
    Effect.gen(function* () {
      const layer = TestDatabase.layerServer(given as never, options as never)
      const error = yield* Effect.flip(Effect.provide(TestDatabase, layer))
      assert.strictEqual(error.reason._tag, "InvalidOption")
      assert.include(error.message, said)
      assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
    })
  )
}
