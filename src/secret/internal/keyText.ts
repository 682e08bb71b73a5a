/**
 * Keys as text: base64 of exactly 32 bytes, several of them separated by commas
 * or white space.
 *
 * Only the canonical spelling of each key is accepted. A decoder that forgives
 * makes a key out of a truncated or mistyped one, and what is sealed with that
 * opens nowhere else. Errors count the keys and never quote them.
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { KeyInvalid, SecretError } from "../SecretError.ts"

/** Bytes in a key of XChaCha20-Poly1305. */
export const keyLength = 32

type Key = Redacted.Redacted<Uint8Array>

export const parseKeys = Effect.fnUntraced(function* (
  text: Redacted.Redacted<string>,
  source: string
): Effect.fn.Return<readonly [Key, ...Array<Key>], SecretError> {
  const words = Redacted.value(text)
    .split(/[\s,]+/)
    .filter((word) => word !== "")
  const keys = yield* Effect.forEach(words, (word, index) =>
    parseKey(word, source, words.length === 1 ? "it" : `key ${index + 1} of ${words.length}`)
  )
  const [first, ...rest] = keys
  return first === undefined ? yield* invalid(source, "it is empty") : [first, ...rest]
})

const parseKey = (word: string, source: string, which: string): Effect.Effect<Key, SecretError> => {
  const decoded = Base64.decode(word)
  // The failure of the decoder carries its input, so it goes no further.
  if (Result.isFailure(decoded) || Base64.encode(decoded.success) !== word) {
    return invalid(source, `${which} is not base64 (RFC 4648, section 4, with padding)`)
  }
  const bytes = decoded.success
  return bytes.length === keyLength
    ? Effect.succeed(Redacted.make(bytes))
    : invalid(source, `${which} has ${bytes.length} bytes and must have ${keyLength}`)
}

const invalid = (source: string, description: string) =>
  Effect.fail(new SecretError({ reason: new KeyInvalid({ source, description }) }))
