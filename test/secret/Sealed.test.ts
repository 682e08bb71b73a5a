import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { inspect } from "node:util"
import { KeyProvider } from "../../src/secret/KeyProvider.ts"
import * as Sealed from "../../src/secret/Sealed.ts"

const planted = "planted-s3cret-🔑"
const place = 'security_keys ["app","app_login"]'
const bytes = (fill: number) => Redacted.make(new Uint8Array(32).fill(fill))

const Keys = KeyProvider.layerStatic([bytes(1)])
const OtherKeys = KeyProvider.layerStatic([bytes(2)])
const BothKeys = KeyProvider.layerStatic([bytes(2), bytes(1)])

layer(Layer.provideMerge(Keys, NodeCrypto.layer))("Sealed", (it) => {
  it.effect("gives back what was sealed, at the same place", () =>
    Effect.gen(function* () {
      for (const text of [planted, "", "\uFEFFmark", "x".repeat(10_000)]) {
        const opened = yield* Sealed.open(yield* Sealed.seal(Redacted.make(text), place), place)
        assert.strictEqual(Redacted.value(opened), text)
      }
    })
  )

  it.effect("names its version and key, holds no plaintext, and differs each time", () =>
    Effect.gen(function* () {
      const provider = yield* KeyProvider
      const first = yield* Sealed.seal(Redacted.make(planted), place)
      const second = yield* Sealed.seal(Redacted.make(planted), place)
      const { id } = yield* provider.current
      assert.isTrue(first.startsWith(`v1.${id}.`))
      assert.strictEqual(Sealed.keyIdOf(first), id)
      assert.notStrictEqual(first, second)
      const body = Buffer.from(first.split(".")[2] ?? "", "base64url").toString("latin1")
      assert.notInclude(body, "planted")
    })
  )

  it.effect("does not open at another place", () =>
    Effect.gen(function* () {
      const sealed = yield* Sealed.seal(Redacted.make(planted), place)
      const error = yield* Effect.flip(Sealed.open(sealed, `${place} `))
      assert.strictEqual(error.reason._tag, "CannotOpen")
      assert.notInclude(inspect(error, { depth: 9 }), planted)
    })
  )

  it.effect("does not open after a change of any one bit of its text", () =>
    Effect.gen(function* () {
      // Lengths whose last character has no spare bits, two, and four.
      for (const text of ["short", "shorte", "shorter"]) {
        const sealed = yield* Sealed.seal(Redacted.make(text), place)
        for (let index = 0; index < sealed.length; index++) {
          for (let bit = 0; bit < 7; bit++) {
            const code = String.fromCharCode(sealed.charCodeAt(index) ^ (1 << bit))
            const changed = sealed.slice(0, index) + code + sealed.slice(index + 1)
            const error = yield* Effect.flip(Sealed.open(changed, place))
            assert.include(["CannotOpen", "SealedMalformed", "KeyUnknown"], error.reason._tag)
          }
        }
      }
    })
  )

  it.effect("does not open when it is cut, extended, or no sealed value", () =>
    Effect.gen(function* () {
      const sealed = yield* Sealed.seal(Redacted.make(planted), place)
      const id = Sealed.keyIdOf(sealed)
      for (const text of [
        "",
        planted,
        sealed.slice(0, -4),
        `${sealed}AAAA`,
        `${sealed}\n`,
        `v1.${id}.AAAA`,
        `v2${sealed.slice(2)}`
      ]) {
        const error = yield* Effect.flip(Sealed.open(text, place))
        assert.include(["CannotOpen", "SealedMalformed"], error.reason._tag)
        assert.notInclude(inspect(error, { depth: 9 }) + JSON.stringify(error), planted)
      }
    })
  )

  it.effect("is refused by a process that has another key, with the id of the key that is needed", () =>
    Effect.gen(function* () {
      const sealed = yield* Sealed.seal(Redacted.make(planted), place)
      const error = yield* Effect.flip(Sealed.open(sealed, place).pipe(Effect.provide(OtherKeys)))
      assert.strictEqual(error.reason._tag, "KeyUnknown")
      assert.include(error.message, Sealed.keyIdOf(sealed) ?? "none")
    })
  )

  it.effect("is refused when another key goes by the same id", () =>
    Effect.gen(function* () {
      const sealed = yield* Sealed.seal(Redacted.make(planted), place)
      const impostor = { id: Sealed.keyIdOf(sealed) ?? "", key: bytes(3) }
      const provider = { current: Effect.succeed(impostor), byId: () => Effect.succeed(impostor) }
      const error = yield* Effect.flip(Sealed.open(sealed, place).pipe(Effect.provideService(KeyProvider, provider)))
      assert.strictEqual(error.reason._tag, "CannotOpen")
    })
  )

  it.effect("opens with an older key after the current one was replaced", () =>
    Effect.gen(function* () {
      const sealed = yield* Sealed.seal(Redacted.make(planted), place)
      const opened = yield* Sealed.open(sealed, place).pipe(Effect.provide(BothKeys))
      assert.strictEqual(Redacted.value(opened), planted)
      const again = yield* Sealed.seal(opened, place).pipe(Effect.provide(BothKeys))
      assert.notStrictEqual(Sealed.keyIdOf(again), Sealed.keyIdOf(sealed))
    })
  )

  it.effect("refuses text that could not be given back unchanged", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Sealed.seal(Redacted.make("half \uD83D"), place))
      assert.strictEqual(error.reason._tag, "CannotSeal")
    })
  )

  it.effect("refuses a key whose id could not be read back", () =>
    Effect.gen(function* () {
      const unnamed = { id: "a.b", key: bytes(3) }
      const provider = { current: Effect.succeed(unnamed), byId: () => Effect.succeed(unnamed) }
      const error = yield* Effect.flip(
        Sealed.seal(Redacted.make(planted), place).pipe(Effect.provideService(KeyProvider, provider))
      )
      assert.strictEqual(error.reason._tag, "KeyInvalid")
    })
  )
})

describe("a provider's failure", () => {
  it.effect("can be caught by its reason", () =>
    Effect.gen(function* () {
      const caught = yield* Sealed.open("nothing", place).pipe(
        Effect.as("opened"),
        Effect.catchReason("SecretError", "SealedMalformed", () => Effect.succeed("malformed"))
      )
      assert.strictEqual(caught, "malformed")
    }).pipe(Effect.provide(Layer.provideMerge(Keys, NodeCrypto.layer)))
  )
})
