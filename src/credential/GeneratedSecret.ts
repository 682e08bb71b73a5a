/**
 * Secrets made by this package.
 *
 * Letters and digits only: such a secret needs no quoting in a URL, a shell, an
 * environment file, `.pgpass`, or YAML, and SASLprep leaves it as it is. Each
 * character is drawn without bias, so it is worth log2(62) bits.
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { CredentialError, InsufficientEntropy } from "./CredentialError.ts"
import { checkOptions, number } from "./internal/optionRules.ts"
import type { Taken } from "./internal/optionRules.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
const bitsPerCharacter = Math.log2(alphabet.length)

const leastBits = 128
const mostBits = 1024

export interface Options {
  /** Bits of entropy, at least; from 128 to 1024, by default 192, which makes 33 characters. */
  readonly bits?: number
}

const taken: Taken<Options> = { of: "CredentialManager.generate", rules: { bits: number }, example: "{ bits: 256 }" }

/** A new random secret. Fails with `InsufficientEntropy` when `bits` is out of range. */
export const make = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<Redacted.Redacted<string>, CredentialError, SecureRandom.SecureRandom> {
  yield* checkOptions(taken, options)
  const bits = options.bits ?? 192
  if (!(bits >= leastBits && bits <= mostBits)) {
    return yield* new CredentialError({ reason: new InsufficientEntropy({ bits, least: leastBits, most: mostBits }) })
  }
  const random = yield* SecureRandom.SecureRandom
  const draw = Effect.map(random.intBetween(0, alphabet.length, { halfOpen: true }), (index) => alphabet.charAt(index))
  const characters = yield* Effect.replicateEffect(draw, Math.ceil(bits / bitsPerCharacter))
  return Redacted.make(characters.join(""))
})
