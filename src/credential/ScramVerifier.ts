/**
 * What PostgreSQL stores instead of a password: RFC 5802 and RFC 7677, written
 * as `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
 *
 * It is computed here, so that the server is told the verifier and never the
 * password. PostgreSQL stores a well-formed verifier verbatim and hashes
 * anything else as if it were a password, without a word: `format` writes only
 * what `parse` reads.
 *
 * Passwords are compared after SASLprep (RFC 4013). PostgreSQL and libpq apply
 * it, `@effect/sql-pg` does not, and PostgreSQL falls back to the raw bytes when
 * SASLprep prohibits a character. So a password is accepted only when its raw
 * bytes are right on every path: when the mapping step and the normalisation to
 * NFKC both leave it as it is. All of ASCII does.
 */
import type * as CryptoError from "effect/crypto/CryptoError"
import * as Digest from "effect/crypto/Digest"
import * as Kdf from "effect/crypto/Kdf"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { CredentialError, CryptoUnavailable, InvalidPassword, InvalidVerifier } from "./CredentialError.ts"
import { checkOptions, number } from "./internal/optionRules.ts"
import type { Taken } from "./internal/optionRules.ts"

export interface ScramVerifier {
  readonly iterations: number
  readonly salt: Uint8Array
  /** Enough to test guesses of the password against, hence redacted. */
  readonly storedKey: Redacted.Redacted<Uint8Array>
  /** Enough to pose as the server, hence redacted. */
  readonly serverKey: Redacted.Redacted<Uint8Array>
}

/** PostgreSQL's own default, also where `scram_iterations` (16 and later) is left alone. */
const defaultIterations = 4096
const saltLength = 16
const keyLength = 32
const largestCount = 0x7fff_ffff

const pattern = /^SCRAM-SHA-256\$([1-9][0-9]*):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/

// SASLprep removes the first line of these and makes the second line a space
// (RFC 3454, tables B.1 and C.1.2); NFKC alone would not change all of them.
const mapped = new RegExp(
  "[\\u00AD\\u034F\\u1806\\u180B-\\u180D\\u200B-\\u200D\\u2060\\uFE00-\\uFE0F\\uFEFF" +
    "\\u00A0\\u1680\\u2000-\\u200A\\u202F\\u205F\\u3000]"
)

interface Options {
  readonly iterations?: number
  readonly salt?: Uint8Array
}

const taken: Taken<Options> = {
  of: "ScramVerifier.make",
  rules: {
    iterations: number,
    salt: { accepted: "bytes, as a Uint8Array", problem: (value) => (value instanceof Uint8Array ? undefined : "none") }
  },
  example: "{ iterations: 10000 }"
}

/** Computes the verifier of a password, by default with 4096 iterations and a random salt of 16 bytes. */
export const make = Effect.fnUntraced(function* (
  password: Redacted.Redacted<string>,
  options: Options = {}
): Effect.fn.Return<ScramVerifier, CredentialError, Kdf.Kdf | Mac.Mac | Digest.Digest | SecureRandom.SecureRandom> {
  yield* checkOptions(taken, options)
  const problem = problemOf(Redacted.value(password))
  if (problem !== undefined) {
    return yield* new CredentialError({ reason: new InvalidPassword({ description: problem }) })
  }
  const random = yield* SecureRandom.SecureRandom
  const salt = options.salt ?? (yield* random.randomBytes(saltLength))
  return yield* derive(password, salt, options.iterations ?? defaultIterations)
})

/** Whether `password` is the one that `verifier` was made from, in constant time. */
export const matches = Effect.fnUntraced(function* (
  password: Redacted.Redacted<string>,
  verifier: ScramVerifier
): Effect.fn.Return<boolean, CredentialError, Kdf.Kdf | Mac.Mac | Digest.Digest> {
  const derived = yield* derive(password, verifier.salt, verifier.iterations)
  const stored = Mac.timingSafeEqual(Redacted.value(derived.storedKey), Redacted.value(verifier.storedKey))
  const server = Mac.timingSafeEqual(Redacted.value(derived.serverKey), Redacted.value(verifier.serverKey))
  return stored && server
})

/** The text that `ALTER ROLE ... PASSWORD` takes and `pg_authid.rolpassword` holds. */
export const format = (verifier: ScramVerifier): Redacted.Redacted<string> => {
  const [salt, stored, server] = [
    verifier.salt,
    Redacted.value(verifier.storedKey),
    Redacted.value(verifier.serverKey)
  ].map(Base64.encode)
  return Redacted.make(`SCRAM-SHA-256$${verifier.iterations}:${salt}$${stored}:${server}`, { label: "verifier" })
}

/** Reads what `format` writes. Fails with `InvalidVerifier`, which never quotes the text. */
export const parse = Effect.fnUntraced(function* (
  text: Redacted.Redacted<string>
): Effect.fn.Return<ScramVerifier, CredentialError> {
  const [, count, salt, stored, server] = pattern.exec(Redacted.value(text)) ?? []
  const parts = { salt: decode(salt), storedKey: decode(stored), serverKey: decode(server) }
  const iterations = Number(count)
  if (parts.salt === undefined || parts.storedKey === undefined || parts.serverKey === undefined) {
    return yield* invalid("it does not have the form SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>")
  }
  if (!(iterations <= largestCount)) return yield* invalid("its iteration count is out of range")
  if (parts.storedKey.length !== keyLength || parts.serverKey.length !== keyLength) {
    return yield* invalid("its keys do not have 32 bytes")
  }
  return {
    iterations,
    salt: parts.salt,
    storedKey: Redacted.make(parts.storedKey),
    serverKey: Redacted.make(parts.serverKey)
  }
})

const derive = Effect.fnUntraced(
  function* (password: Redacted.Redacted<string>, salt: Uint8Array, iterations: number) {
    const kdf = yield* Kdf.Kdf
    const mac = yield* Mac.Mac
    const digest = yield* Digest.Digest
    const algorithm = Kdf.pbkdf2({ hash: Digest.sha256, iterations })
    const secret = new TextEncoder().encode(Redacted.value(password))
    const salted = yield* kdf.derive(algorithm, secret, { salt, length: keyLength })
    const key = yield* Mac.key(Mac.hmacSha256, salted)
    const clientKey = yield* mac.sign(key, new TextEncoder().encode("Client Key"))
    const serverKey = yield* mac.sign(key, new TextEncoder().encode("Server Key"))
    const storedKey = yield* digest.digest(Digest.sha256, clientKey)
    return { iterations, salt, storedKey: Redacted.make(storedKey), serverKey: Redacted.make(serverKey) }
  },
  Effect.mapError(
    (error: CryptoError.CryptoError) =>
      new CredentialError({
        reason: new CryptoUnavailable({ operation: "SCRAM-SHA-256", description: error.message })
      })
  )
)

const problemOf = (password: string): string | undefined => {
  if (password === "") return "it is empty"
  if (password.includes("\0")) return "it has a zero character, which PostgreSQL does not store"
  if (!password.isWellFormed()) return "it is not well-formed Unicode"
  if (mapped.test(password) || password.normalize("NFKC") !== password) {
    return "SASLprep (RFC 4013) would change it, and not every client applies that; use its NFKC form, or ASCII"
  }
  return undefined
}

const decode = (text: string | undefined): Uint8Array | undefined => {
  const decoded = text === undefined ? undefined : Base64.decode(text)
  return decoded !== undefined && Result.isSuccess(decoded) ? decoded.success : undefined
}

const invalid = (description: string) =>
  Effect.fail(new CredentialError({ reason: new InvalidVerifier({ description }) }))
