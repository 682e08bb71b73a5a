import { NodeFileSystem } from "@effect/platform-node"
import { assert, it, layer } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Redacted } from "effect"
import { systemError } from "effect/PlatformError"
import { inspect } from "node:util"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import type { DatabaseOptions } from "../../src/config/Settings.ts"
import { load, passwordOf, problems } from "./support.ts"
import type { Variables } from "./support.ts"
import { dirname } from "node:path"

const directory = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())

const written = Effect.fnUntraced(function* (text: string) {
  const files = yield* FileSystem.FileSystem
  const path = `${yield* directory}/secret`
  yield* files.writeFileString(path, text)
  return path
})

/** Root reads everything, and so gives that up for a moment. */
const asAnybody = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  process.getuid?.() === 0
    ? Effect.acquireUseRelease(
        Effect.sync(() => process.seteuid?.(65_534)),
        () => effect,
        () => Effect.sync(() => process.seteuid?.(0))
      )
    : effect

layer(NodeFileSystem.layer)("A secret in a file", (it) => {
  it.effect("is read for the URL and for the password, without the line break at its end", () =>
    Effect.gen(function* () {
      const url = yield* written("postgres://u:from-file@h/d\r\n")
      const password = yield* written("line one\nline two\n")
      assert.strictEqual(passwordOf(yield* load({ DATABASE_URL_FILE: url })), "from-file")
      assert.strictEqual(passwordOf(yield* load({ PGUSER: "u", PGPASSWORD_FILE: password })), "line one\nline two")
    })
  )

  it.effect("is read for the logins of the migrator and of the administrator as well", () =>
    Effect.gen(function* () {
      for (const variable of ["DATABASE_MIGRATOR_URL", "DATABASE_ADMIN_URL"] as const) {
        const path = yield* written("postgres://u:from-file@h/d\n")
        assert.strictEqual(passwordOf(yield* load({ [`${variable}_FILE`]: path }, {}, variable)), "from-file", variable)
      }
    })
  )

  it.effect("and in its variable at the same time is refused", () =>
    Effect.gen(function* () {
      const path = yield* written("postgres://u@h/d")
      assert.deepStrictEqual(yield* problems({ DATABASE_URL: "postgres://u@h/d", DATABASE_URL_FILE: path }), [
        ["ConflictingVariables", "DATABASE_URL"]
      ])
    })
  )

  it.effect("that is not there is named with its path when the directory is", () =>
    Effect.gen(function* () {
      const path = `${yield* directory}/missing`
      const { message, reasons } = yield* Effect.flip(load({ DATABASE_URL_FILE: path }))
      assert.deepStrictEqual(
        reasons.map(({ _tag }) => _tag),
        ["UnreadableFile"]
      )
      assert.include(message, `DATABASE_URL_FILE names ${path}, which does not exist`)
    })
  )

  it.effect("that is a directory, or is empty, is unreadable", () =>
    Effect.gen(function* () {
      const path = yield* directory
      const { message } = yield* Effect.flip(load({ DATABASE_URL_FILE: path }))
      assert.include(message, `${path}, which is not a file that can be read`)
      assert.deepStrictEqual(yield* problems({ PGUSER: "u", PGPASSWORD_FILE: yield* written("\n") }), [
        ["UnreadableFile", "PGPASSWORD_FILE"]
      ])
    })
  )

  it.effect("that belongs to somebody else is unreadable", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = yield* written("postgres://u@h/d")
      yield* files.chmod(path, 0o000)
      yield* files.chmod(dirname(path), 0o755)
      const { message } = yield* Effect.flip(asAnybody(load({ DATABASE_URL_FILE: path })))
      assert.include(message, "which this process may not read")
    })
  )

  it.effect("that the system refuses says so", () =>
    Effect.gen(function* () {
      const denied = FileSystem.layerNoop({
        readFileString: (path) =>
          Effect.fail(
            systemError({ _tag: "PermissionDenied", module: "FileSystem", method: "readFile", pathOrDescriptor: path })
          ),
        exists: () => Effect.succeed(true)
      })
      const { message } = yield* DatabaseConfig.load().pipe(
        Effect.flip,
        Effect.provide(denied),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { DATABASE_URL_FILE: "/run/secrets/url" } })))
      )
      assert.include(message, "/run/secrets/url, which this process may not read")
    })
  )

  it.effect("that holds certificates is read for PGSSLROOTCERT", () =>
    Effect.gen(function* () {
      const path = yield* written("-----BEGIN CERTIFICATE-----")
      const read = yield* load({ DATABASE_URL: "postgres://u@h/d?sslmode=verify-ca", PGSSLROOTCERT: path })
      assert.strictEqual(read.rootCertificate, "-----BEGIN CERTIFICATE-----")
    })
  )
})

const planted = "hunter2"

/** Every place where somebody may put a password by mistake, and where it makes the configuration wrong. */
const wrongPlaces: ReadonlyArray<readonly [Variables, DatabaseOptions?]> = [
  [{ DATABASE_URL: planted }],
  [{ DATABASE_URL: `u:${planted}@h/d` }],
  [{ DATABASE_URL: `${planted}://u@h/d` }],
  [{ DATABASE_URL: `postgres://u:${planted}@h:${planted}/d` }],
  [{ DATABASE_URL: `postgres://u:%${planted}@h/d` }],
  [{ DATABASE_URL: `postgres://u@${planted},h/d` }],
  [{ DATABASE_URL: `postgres://u@h/d?${planted}=1` }],
  [{ DATABASE_URL: `postgres://u@h/d?${planted}` }],
  [{ DATABASE_URL: `postgres://u@h/d?password=a&${planted}` }],
  [{ DATABASE_URL: `postgres://u:1#${planted}@h/d` }],
  [{ DATABASE_URL: `postgres://u:1/${planted}@h/d` }],
  [{ DATABASE_URL: `postgres://u:1?${planted}@h/d` }],
  [{ DATABASE_URL: `postgres://u@h/d?sslmode=${planted}` }],
  [{ DATABASE_URL: `postgres://u@h/d?port=${planted}` }],
  [{ DATABASE_URL: `postgres://u@h/d?connect_timeout=${planted}` }],
  [{ DATABASE_URL: `postgres://u@h/d?sslrootcert=${planted}` }],
  [{ DATABASE_URL: `postgres://u:${planted}@h/d`, DATABASE_URL_FILE: planted }],
  [{ DATABASE_URL_FILE: planted }],
  [{ DATABASE_URL_FILE: `/${planted}` }],
  [{ DATABASE_URL_FILE: `/no/${planted}` }],
  [{ DATABASE_URL_FILE: `postgres://u:${planted}@h/d` }],
  [{ PGUSER: "u", PGPASSWORD: planted, PGPASSWORD_FILE: planted }],
  [{ PGUSER: "u", PGPASSWORD_FILE: planted }],
  [{ PGUSER: "u", PGHOST: `a ${planted}` }],
  ...[
    "PGPORT",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGCONNECT_TIMEOUT",
    "PGKEEL_POOL_MAX",
    "PGKEEL_PREPARE",
    "PGKEEL_KEEP_ALIVE"
  ].map((name): readonly [Variables] => [{ PGUSER: "u", PGPASSWORD: planted, [name]: planted }]),
  [{}, { url: Redacted.make(`mysql://u:${planted}@h/d`) }],
  [{}, { url: Redacted.make(`postgres://u:${planted}@h/d`), port: 0, password: Redacted.make(planted) }]
]

wrongPlaces.forEach(([variables, options], index) => {
  const where = options === undefined ? Object.keys(variables).join(" and ") : "options"
  it.effect(`A password in the wrong place is not shown (${index + 1}: ${where})`, () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load(variables, options))
      for (const shown of [
        error.message,
        String(error),
        JSON.stringify(error),
        inspect(error, { depth: null }),
        error.stack
      ]) {
        assert.notInclude(shown ?? "", planted)
      }
    })
  )
})

it.effect("Loaded settings do not show their password", () =>
  Effect.gen(function* () {
    const read = yield* load({ DATABASE_URL: `postgres://u:${planted}@h/d` })
    for (const shown of [String(read), JSON.stringify(read), inspect(read, { depth: null })])
      assert.notInclude(shown, planted)
  })
)
