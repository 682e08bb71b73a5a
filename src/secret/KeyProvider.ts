/**
 * Where the key-encryption key comes from.
 *
 * What this package stores encrypted is sealed with this key, and the key is
 * never stored beside it: it is given from outside, by a variable, by a mounted
 * file, or by an application's own layer over a key management service.
 *
 * There may be several keys, so that the key itself can be replaced: the first
 * one seals, the others only open what was sealed before. A key is known by its
 * `id`, a fingerprint that says nothing about the key and is stored with each
 * sealed value.
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as CryptoError from "effect/crypto/CryptoError"
import * as Mac from "effect/crypto/Mac"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { createKeyFile, readKeyFile, readPrivateKeyFile } from "./internal/keyFile.ts"
import { keyLength, parseKeys } from "./internal/keyText.ts"
import { CryptoUnavailable, KeyInvalid, KeyMissing, KeyUnknown, SecretError } from "./SecretError.ts"

export interface KeyEncryptionKey {
  /** Names the key and is not secret: 1 to 64 letters, digits, `-` and `_`; the layers here use 16 hexadecimal digits. */
  readonly id: string
  /** 32 bytes. */
  readonly key: Redacted.Redacted<Uint8Array>
}

/** One key or several keys: the first seals, all of them open. */
export type Keys = readonly [Redacted.Redacted<Uint8Array>, ...ReadonlyArray<Redacted.Redacted<Uint8Array>>]

const keyVariable = "PGKEEL_KEY"
const keyFileVariable = "PGKEEL_KEY_FILE"

export class KeyProvider extends Context.Service<
  KeyProvider,
  {
    /** The key to seal with now. */
    readonly current: Effect.Effect<KeyEncryptionKey, SecretError>
    /** The key that something was sealed with; fails with `KeyUnknown`. */
    readonly byId: (id: string) => Effect.Effect<KeyEncryptionKey, SecretError>
  }
>()("pgkeel/secret/KeyProvider") {
  /** Keys that the caller already has. Fails with `KeyInvalid` when one is not 32 bytes long. */
  static readonly layerStatic = (keys: Keys): Layer.Layer<KeyProvider, SecretError, Mac.Mac> =>
    Layer.effect(KeyProvider, make(keys, "layerStatic"))

  /**
   * From `PGKEEL_KEY`, 32 bytes in base64, or from the file that `PGKEEL_KEY_FILE`
   * names. Both may hold several keys, separated by commas or white space.
   *
   * They are read once, when the layer is built, so that a wrong key stops the
   * start and not the first connection. The mode of the file is not looked at:
   * container platforms mount secrets readable by everybody in the container.
   */
  static readonly layerConfig: Layer.Layer<KeyProvider, SecretError, FileSystem.FileSystem | Mac.Mac> = Layer.effect(
    KeyProvider,
    Effect.suspend(() => configured)
  )

  /**
   * From a file of one's own, for development. The file must be private to its
   * owner (`KeyFileExposed` otherwise). With `create`, a missing file is made
   * with a random key, mode 0600, in a directory of mode 0700; processes that do
   * so at the same moment end with the same key.
   */
  static readonly layerFile = (
    path: string,
    options: { readonly create?: boolean } = {}
  ): Layer.Layer<KeyProvider, SecretError, FileSystem.FileSystem | Path.Path | SecureRandom.SecureRandom | Mac.Mac> =>
    Layer.effect(
      KeyProvider,
      Effect.gen(function* () {
        if (options.create === true) yield* createKeyFile(path)
        const text = yield* readPrivateKeyFile(path)
        return yield* make(yield* parseKeys(text, path), path)
      })
    )
}

const configured = Effect.gen(function* () {
  const key = yield* optional(keyVariable)
  const file = yield* optional(keyFileVariable)
  if (key !== undefined && file !== undefined) {
    return yield* new SecretError({
      reason: new KeyInvalid({
        source: keyVariable,
        description: `${keyFileVariable} is set too; unset one of them`
      })
    })
  }
  if (key !== undefined) return yield* make(yield* parseKeys(key, keyVariable), keyVariable)
  if (file === undefined) {
    return yield* new SecretError({ reason: new KeyMissing({ variables: [keyVariable, keyFileVariable] }) })
  }
  const path = Redacted.value(file).trim()
  const source = `${keyFileVariable} (${path})`
  return yield* make(yield* parseKeys(yield* readKeyFile(path, keyFileVariable), source), source)
})

const optional = (name: string) =>
  Effect.gen(function* () {
    const value = yield* Config.option(Config.Redacted(name))
    // Compose files pass a variable that is not set as an empty one.
    return Option.getOrUndefined(Option.filter(value, (text) => Redacted.value(text).trim() !== ""))
  }).pipe(
    Effect.mapError(
      // The cause of a ConfigError may quote the value, so none of it is passed on.
      () => new SecretError({ reason: new KeyInvalid({ source: name, description: "it cannot be read as text" }) })
    )
  )

const make = Effect.fnUntraced(function* (keys: Keys, source: string) {
  const described = yield* Effect.forEach(keys, (key) => describe(key, source))
  const byId = new Map(described.map((key) => [key.id, key]))
  const [first] = keys
  const current = yield* describe(first, source)
  return KeyProvider.of({
    current: Effect.succeed(current),
    byId: (id) =>
      Effect.suspend(() => {
        const key = byId.get(id)
        return key === undefined
          ? Effect.fail(new SecretError({ reason: new KeyUnknown({ keyId: id, available: [...byId.keys()] }) }))
          : Effect.succeed(key)
      })
  })
})

const describe = Effect.fnUntraced(function* (key: Redacted.Redacted<Uint8Array>, source: string) {
  const bytes = Redacted.value(key)
  if (bytes.length !== keyLength) {
    return yield* new SecretError({
      reason: new KeyInvalid({ source, description: `it has ${bytes.length} bytes and must have ${keyLength}` })
    })
  }
  const id = yield* Effect.mapError(fingerprint(bytes), cryptoUnavailable("HMAC-SHA-256"))
  return { id, key: Redacted.make(bytes, { label: `key ${id}` }) }
})

// HMAC is one-way in its key, and the label keeps this use apart from any other.
const fingerprint = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const mac = yield* Mac.Mac
  const key = yield* Mac.key(Mac.hmacSha256, bytes)
  const tag = yield* mac.sign(key, new TextEncoder().encode("pgkeel/key-id/v1"))
  return Hex.encode(tag.subarray(0, 8))
})

const cryptoUnavailable = (operation: string) => (error: CryptoError.CryptoError) =>
  new SecretError({ reason: new CryptoUnavailable({ operation, description: error.message }) })
