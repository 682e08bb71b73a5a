import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, FileSystem, Layer, Redacted } from "effect"
import { execFile } from "node:child_process"
import { inspect, promisify } from "node:util"
import { KeyProvider } from "../../src/secret/KeyProvider.ts"
import type { SecretError } from "../../src/secret/SecretError.ts"

const key = Buffer.alloc(32, 7).toString("base64")
const otherKey = Buffer.alloc(32, 9).toString("base64")

const Platform = Layer.mergeAll(NodeServices.layer, NodeCrypto.layer)

const withEnv = (env: Record<string, string>) =>
  KeyProvider.pipe(
    Effect.provide(KeyProvider.layerConfig),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )

const fromFile = (path: string, create = true) =>
  KeyProvider.pipe(Effect.provide(KeyProvider.layerFile(path, { create })))

const mode = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return (yield* fs.stat(path)).mode & 0o777
  })

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())

describe("KeyProvider.layerConfig", () => {
  it.effect("reads one key from PGKEEL_KEY and finds it by its id", () =>
    Effect.gen(function* () {
      const provider = yield* withEnv({ PGKEEL_KEY: key })
      const current = yield* provider.current
      assert.strictEqual(Buffer.from(Redacted.value(current.key)).toString("base64"), key)
      assert.match(current.id, /^[0-9a-f]{16}$/)
      assert.strictEqual((yield* provider.byId(current.id)).id, current.id)
    }).pipe(Effect.provide(Platform))
  )

  it.effect("seals with the first of several keys and still knows the others", () =>
    Effect.gen(function* () {
      const old = yield* Effect.flatMap(withEnv({ PGKEEL_KEY: key }), (provider) => provider.current)
      const provider = yield* withEnv({ PGKEEL_KEY: `${otherKey},\n ${key}\n` })
      assert.notStrictEqual((yield* provider.current).id, old.id)
      assert.strictEqual((yield* provider.byId(old.id)).id, old.id)
      const unknown = yield* Effect.flip(provider.byId("0000000000000000"))
      assert.strictEqual(unknown.reason._tag, "KeyUnknown")
    }).pipe(Effect.provide(Platform))
  )

  it.effect("reads the file that PGKEEL_KEY_FILE names, whatever its mode, as containers mount it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* temporary}/key`
      yield* fs.writeFileString(path, `${key}\n`, { mode: 0o444 })
      const provider = yield* withEnv({ PGKEEL_KEY_FILE: path, PGKEEL_KEY: "" })
      assert.strictEqual(Buffer.from(Redacted.value((yield* provider.current).key)).toString("base64"), key)
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  const refusals: ReadonlyArray<readonly [string, Record<string, string>, string, string]> = [
    ["no key at all", {}, "KeyMissing", "PGKEEL_KEY or PGKEEL_KEY_FILE"],
    ["an empty key", { PGKEEL_KEY: "  " }, "KeyMissing", "PGKEEL_KEY"],
    ["a key of 31 bytes", { PGKEEL_KEY: Buffer.alloc(31, 1).toString("base64") }, "KeyInvalid", "31 bytes"],
    ["what is not base64", { PGKEEL_KEY: "planted*secret" }, "KeyInvalid", "PGKEEL_KEY"],
    ["base64 without padding", { PGKEEL_KEY: key.replace("=", "") }, "KeyInvalid", "PGKEEL_KEY"],
    ["bits beyond the last byte", { PGKEEL_KEY: key.replace(/.=$/, "d=") }, "KeyInvalid", "PGKEEL_KEY"],
    ["a second key that is wrong", { PGKEEL_KEY: `${key},planted` }, "KeyInvalid", "key 2 of 2"],
    [
      "two sources at once",
      { PGKEEL_KEY: key, PGKEEL_KEY_FILE: "/nowhere" },
      "KeyInvalid",
      "PGKEEL_KEY_FILE is set too"
    ],
    ["a file that is missing", { PGKEEL_KEY_FILE: "/nowhere/key" }, "KeyFileUnusable", "PGKEEL_KEY_FILE"],
    ["a directory in place of a file", { PGKEEL_KEY_FILE: "/tmp" }, "KeyFileUnusable", "PGKEEL_KEY_FILE"],
    ["a file without an end", { PGKEEL_KEY_FILE: "/dev/zero" }, "KeyFileUnusable", "larger than"]
  ]
  for (const [what, env, tag, words] of refusals) {
    it.effect(`refuses ${what} with an error that names the source and not the value`, () =>
      Effect.gen(function* () {
        const error: SecretError = yield* Effect.flip(withEnv(env))
        assert.strictEqual(error.reason._tag, tag)
        assert.include(error.message, words)
        const rendered = inspect(error, { depth: 9 }) + JSON.stringify(error)
        for (const [name, value] of Object.entries(env)) {
          if (name === "PGKEEL_KEY" && value.trim() !== "") assert.notInclude(rendered, value)
        }
        assert.notInclude(rendered, "planted")
      }).pipe(Effect.provide(Platform))
    )
  }

  it.effect("shows no key byte when it is printed", () =>
    Effect.gen(function* () {
      const current = yield* Effect.flatMap(withEnv({ PGKEEL_KEY: key }), (provider) => provider.current)
      const rendered = `${inspect(current, { depth: 9, showHidden: true })}${JSON.stringify(current)}`
      assert.notInclude(rendered, key)
      assert.notMatch(rendered, /7, *7, *7|07 07 07/)
    }).pipe(Effect.provide(Platform))
  )
})

describe("KeyProvider.layerStatic", () => {
  it.effect("refuses a key that is not 32 bytes long", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        KeyProvider.pipe(Effect.provide(KeyProvider.layerStatic([Redacted.make(new Uint8Array(16))])))
      )
      assert.strictEqual(error.reason._tag, "KeyInvalid")
    }).pipe(Effect.provide(Platform))
  )
})

describe("KeyProvider.layerFile", () => {
  it.effect("makes a private key in a private directory, and finds the same key afterwards", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = `${yield* temporary}/nested/state`
      const first = yield* Effect.flatMap(fromFile(`${directory}/key`), (provider) => provider.current)
      const second = yield* Effect.flatMap(fromFile(`${directory}/key`), (provider) => provider.current)
      assert.strictEqual(second.id, first.id)
      assert.strictEqual(yield* mode(`${directory}/key`), 0o600)
      assert.strictEqual(yield* mode(directory), 0o700)
      assert.deepStrictEqual(yield* fs.readDirectory(directory), ["key"])
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  it.effect("does not make a file unless it is asked to", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* temporary
      const error = yield* Effect.flip(fromFile(`${directory}/key`, false))
      assert.strictEqual(error.reason._tag, "KeyFileUnusable")
      assert.deepStrictEqual(yield* fs.readDirectory(directory), [])
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  for (const exposed of [0o644, 0o640, 0o602, 0o666]) {
    it.effect(`refuses a file of mode ${exposed.toString(8)} and says how to close it`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* temporary}/key`
        yield* fs.writeFileString(path, key)
        yield* fs.chmod(path, exposed)
        const error = yield* Effect.flip(fromFile(path))
        assert.strictEqual(error.reason._tag, "KeyFileExposed")
        assert.include(error.message, `chmod 600 ${path}`)
        assert.include(error.message, exposed.toString(8))
        assert.notInclude(inspect(error), key)
      }).pipe(Effect.scoped, Effect.provide(Platform))
    )
  }

  it.effect("does not replace a file that holds no key", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* temporary}/key`
      yield* fs.writeFileString(path, "something else", { mode: 0o600 })
      const error = yield* Effect.flip(fromFile(path))
      assert.strictEqual(error.reason._tag, "KeyInvalid")
      assert.strictEqual(yield* fs.readFileString(path), "something else")
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  it.effect("fails with a typed error where no directory can be made", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* temporary}/file`
      yield* fs.writeFileString(path, "")
      const exit = yield* Effect.exit(fromFile(`${path}/below/key`))
      assert.isTrue(Exit.isFailure(exit))
      const error = yield* Effect.flip(fromFile(`${path}/below/key`))
      assert.strictEqual(error.reason._tag, "KeyFileUnusable")
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  it.effect("keeps the key of the first creator when a second one had found no file either", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* temporary}/key`
      const late = Effect.flatMap(fromFile(path), (provider) => provider.current).pipe(
        Effect.provideService(FileSystem.FileSystem, { ...fs, exists: () => Effect.succeed(false) })
      )
      assert.strictEqual((yield* late).id, (yield* late).id)
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  it.effect("gives all creators in one process the same key", () =>
    Effect.gen(function* () {
      const path = `${yield* temporary}/state/key`
      const keys = yield* Effect.replicateEffect(
        Effect.flatMap(fromFile(path), (provider) => provider.current),
        16,
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(keys.map((each) => each.id)).size, 1)
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )

  it.effect("gives processes that create the file at the same moment one key, private under a umask of 000", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* temporary
      const path = `${directory}/state/key`
      const start = (performance.timeOrigin + performance.now() + 1_500).toFixed(0)
      const run = () => promisify(execFile)(process.execPath, ["test/secret/createKey.ts", path, start])
      const results = yield* Effect.promise(() => Promise.all([run(), run(), run(), run()]))
      const ids = results.map((result) => result.stdout.trim())
      assert.match(ids[0] ?? "", /^[0-9a-f]{16}$/)
      assert.strictEqual(new Set(ids).size, 1)
      assert.strictEqual(yield* mode(path), 0o600)
      assert.strictEqual(yield* mode(`${directory}/state`), 0o700)
      assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/state`), ["key"])
    }).pipe(Effect.scoped, Effect.provide(Platform))
  )
})
