/**
 * Authenticated encryption of a secret, bound to the place where it is stored.
 *
 * A sealed value is text, `v1.<key id>.<base64url of nonce, ciphertext and tag>`,
 * made with XChaCha20-Poly1305. Its nonces have 24 bytes, so that they may be
 * drawn at random for as long as the key lives. The version, the key's id and
 * the place are authenticated with the ciphertext: a value that is copied to
 * another row, or whose text differs by one bit, does not open.
 *
 * The length of the secret shows in the length of the sealed value.
 */
import * as Aead from "effect/crypto/Aead"
import type * as CryptoError from "effect/crypto/CryptoError"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { KeyEncryptionKey } from "./KeyProvider.ts"
import { KeyProvider } from "./KeyProvider.ts"
import { CannotOpen, CannotSeal, CryptoUnavailable, KeyInvalid, SealedMalformed, SecretError } from "./SecretError.ts"

const version = "v1"
const algorithm = Aead.xchacha20Poly1305
const tagLength = 16
const keyIdPattern = /^[A-Za-z0-9_-]{1,64}$/
const pattern = /^v1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]+)$/

/**
 * Encrypts `plaintext` with the provider's current key, for one `place`: a text
 * that names where the result will be stored, for example a table and a key.
 */
export const seal = Effect.fn("Sealed.seal")(function* (
  plaintext: Redacted.Redacted<string>,
  place: string
): Effect.fn.Return<string, SecretError, KeyProvider | Aead.Aead | SecureRandom.SecureRandom> {
  const aead = yield* Aead.Aead
  const random = yield* SecureRandom.SecureRandom
  const provider = yield* KeyProvider
  const key = yield* provider.current
  if (!keyIdPattern.test(key.id)) {
    return yield* failure(
      new KeyInvalid({ source: "KeyProvider.current", description: `its id must match ${keyIdPattern.source}` })
    )
  }
  if (!Redacted.value(plaintext).isWellFormed()) return yield* failure(new CannotSeal({ place }))
  const bytes = new TextEncoder().encode(Redacted.value(plaintext))
  const nonce = yield* random.randomBytes(algorithm.nonceLength)
  const ciphertext = yield* importKey(key).pipe(
    Effect.flatMap((imported) => aead.encrypt(imported, bytes, { nonce, aad: associatedData(key.id, place) })),
    Effect.mapError(cryptoUnavailable),
    Effect.ensuring(Effect.sync(() => bytes.fill(0)))
  )
  const body = new Uint8Array(nonce.length + ciphertext.length)
  body.set(nonce)
  body.set(ciphertext, nonce.length)
  return `${version}.${key.id}.${Base64Url.encode(body)}`
})

/** Decrypts what `seal` wrote for the same `place`. */
export const open = Effect.fn("Sealed.open")(function* (
  sealed: string,
  place: string
): Effect.fn.Return<Redacted.Redacted<string>, SecretError, KeyProvider | Aead.Aead> {
  const aead = yield* Aead.Aead
  const provider = yield* KeyProvider
  const parts = parse(sealed)
  if (parts === undefined) return yield* failure(new SealedMalformed({ place }))
  const key = yield* provider.byId(parts.keyId)
  const options = { nonce: parts.nonce, aad: associatedData(parts.keyId, place) }
  const bytes = yield* importKey(key).pipe(
    Effect.flatMap((imported) => aead.decrypt(imported, parts.ciphertext, options)),
    Effect.mapError((error) =>
      error.reason._tag === "DecryptionFailed"
        ? new SecretError({ reason: new CannotOpen({ place, keyId: parts.keyId }) })
        : cryptoUnavailable(error)
    )
  )
  const plaintext = Redacted.make(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))
  bytes.fill(0)
  return plaintext
})

/** The id of the key that a sealed value names, or `undefined` when the text is not a sealed value. */
export const keyIdOf = (sealed: string): string | undefined => parse(sealed)?.keyId

const parse = (sealed: string) => {
  const [, keyId, text] = pattern.exec(sealed) ?? []
  if (keyId === undefined || text === undefined) return undefined
  const decoded = Base64Url.decode(text)
  if (Result.isFailure(decoded)) return undefined
  const body = decoded.success
  // The last character may have bits that decode to nothing; one spelling is accepted, so that any change shows.
  if (body.length < algorithm.nonceLength + tagLength || Base64Url.encode(body) !== text) return undefined
  return {
    keyId,
    nonce: body.subarray(0, algorithm.nonceLength),
    ciphertext: body.subarray(algorithm.nonceLength)
  }
}

// The version and the id contain no zero byte and come first, so no two pairs of id and place read the same.
const associatedData = (keyId: string, place: string): Uint8Array =>
  new TextEncoder().encode(`pgkeel.sealed.${version}\0${keyId}\0${place}`)

const importKey = (key: KeyEncryptionKey) => Aead.key(algorithm, Redacted.value(key.key))

const failure = (reason: CannotSeal | KeyInvalid | SealedMalformed) => Effect.fail(new SecretError({ reason }))

const cryptoUnavailable = (error: CryptoError.CryptoError) =>
  new SecretError({
    reason: new CryptoUnavailable({ operation: "XChaCha20-Poly1305", description: error.message })
  })
