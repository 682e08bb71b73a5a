import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { NodeFileSystem } from "@effect/platform-node"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"

const timeout = 180_000

/** Below a directory that only its owner can enter, as a project under /root or in a home directory is. */
const directory = FileSystem.FileSystem.pipe(
  Effect.flatMap((fs) => fs.makeTempDirectoryScoped({ prefix: "pgkeel-test-" })),
  Effect.map((parent) => `${parent}/nested/data`),
  Effect.provide(NodeFileSystem.layer)
)

const run = (dataDirectory: string, sql: string, options: EmbeddedPostgresOptions = {}) =>
  Effect.gen(function* () {
    const server = yield* EmbeddedPostgres
    const session = yield* PgConnection.make({ url: server.url })
    const rows = yield* session.queryValues(sql)
    return { value: rows[0]?.[0], password: Redacted.value(server.password) }
  }).pipe(Effect.scoped, Effect.provide(EmbeddedPostgres.layer({ ...chosenServer(), ...options, dataDirectory })))

const systemIdentifier = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"

describe("A data directory that is kept", () => {
  it.effect(
    "is initialised once; the second start finds the same cluster and the same password",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const first = yield* run(path, systemIdentifier)
        const second = yield* run(path, systemIdentifier)
        assert.deepStrictEqual(second, first)
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "is durable, and keeps the generated password in a file for its account only",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const { value } = yield* run(path, "SHOW fsync")
        assert.strictEqual(value, "on")
        assert.strictEqual(statSync(`${path}/pgkeel-superuser-password`).mode & 0o777, 0o600)
        assert.isFalse(existsSync(`${path}/postmaster.pid`))
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "takes the password that is given, at any start, and does not store it",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const given = { password: Redacted.make('it\'s\\a "password"') }
        const generated = yield* run(path, "SELECT 1")
        assert.strictEqual((yield* run(path, "SELECT 1", given)).password, Redacted.value(given.password))
        assert.isFalse(existsSync(`${path}/pgkeel-superuser-password`))
        const again = yield* run(path, "SELECT 1")
        assert.notStrictEqual(again.password, Redacted.value(given.password))
        assert.notStrictEqual(again.password, generated.password)
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "is begun again when a killed run left it half-made",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const first = yield* run(path, systemIdentifier)
        const deadProcess = 4_000_000
        mkdirSync(`${path}/.pgkeel-initdb-${deadProcess}`)
        renameSync(`${path}/PG_VERSION`, `${path}/.pgkeel-initdb-${deadProcess}/PG_VERSION`)
        rmSync(`${path}/global`, { recursive: true })
        const second = yield* run(path, systemIdentifier)
        assert.notStrictEqual(second.value, first.value)
        assert.deepStrictEqual(
          readdirSync(path).filter((name) => name.startsWith(".pgkeel")),
          []
        )
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "is kept when a run was killed just before it had tidied up",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const first = yield* run(path, systemIdentifier)
        mkdirSync(`${path}/.pgkeel-initdb-4000000`)
        writeFileSync(`${path}/.pgkeel-initdb-4000000/rest`, "")
        assert.deepStrictEqual(yield* run(path, systemIdentifier), first)
        assert.isFalse(existsSync(`${path}/.pgkeel-initdb-4000000`))
      }).pipe(Effect.scoped),
    timeout
  )
})
