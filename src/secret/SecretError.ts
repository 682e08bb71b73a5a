/**
 * What can go wrong between this process and the secrets it works with.
 *
 * One error with a tagged `reason`, so that `Effect.catchReason` and
 * `Effect.unwrapReason` narrow it. No reason has a field that could hold key
 * bytes, a password, or the text that failed to decode: a message names where
 * the secret should have come from, never what was found there.
 */
import * as Schema from "effect/Schema"

/** No key-encryption key is configured at all. */
export class KeyMissing extends Schema.TaggedError<KeyMissing>("pgkeel/secret/KeyMissing")("KeyMissing", {
  /** The variables that were looked at. */
  variables: Schema.Array(Schema.String)
}) {
  override get message() {
    return (
      `no key-encryption key is configured: set ${this.variables.join(" or ")}; ` +
      "`openssl rand -base64 32` makes a key"
    )
  }
}

/** A key was found, but it is not 32 bytes in base64, or its source is ambiguous. */
export class KeyInvalid extends Schema.TaggedError<KeyInvalid>("pgkeel/secret/KeyInvalid")("KeyInvalid", {
  /** The variable or the file that the key came from. */
  source: Schema.String,
  description: Schema.String
}) {
  override get message() {
    return `the key-encryption key from ${this.source} cannot be used: ${this.description}`
  }
}

/** The file that should hold the key cannot be read or created. */
export class KeyFileUnusable extends Schema.TaggedError<KeyFileUnusable>("pgkeel/secret/KeyFileUnusable")(
  "KeyFileUnusable",
  {
    path: Schema.String,
    /** The variable that named the file, or `layerFile` when code did. */
    source: Schema.String,
    description: Schema.String
  }
) {
  override get message() {
    return `the key file ${this.path} (from ${this.source}) cannot be used: ${this.description}`
  }
}

/** Users other than the owner may read or write the key file. */
export class KeyFileExposed extends Schema.TaggedError<KeyFileExposed>("pgkeel/secret/KeyFileExposed")(
  "KeyFileExposed",
  {
    path: Schema.String,
    /** Permission bits of the file, for example 0o644. */
    mode: Schema.Int
  }
) {
  override get message() {
    const mode = this.mode.toString(8).padStart(4, "0")
    return (
      `the key file ${this.path} is open to other users (mode ${mode}): run \`chmod 600 ${this.path}\`, ` +
      "and make a new key if somebody may have read this one"
    )
  }
}

/** Something was sealed with a key that this process does not have. */
export class KeyUnknown extends Schema.TaggedError<KeyUnknown>("pgkeel/secret/KeyUnknown")("KeyUnknown", {
  keyId: Schema.String,
  /** Identifiers of the keys that this process does have. */
  available: Schema.Array(Schema.String)
}) {
  override get message() {
    return (
      `no key with the id ${this.keyId} is available (available: ${this.available.join(", ") || "none"}): ` +
      "add the older key after the current one"
    )
  }
}

/** The text is not something that `Sealed.seal` wrote. */
export class SealedMalformed extends Schema.TaggedError<SealedMalformed>("pgkeel/secret/SealedMalformed")(
  "SealedMalformed",
  {
    place: Schema.String
  }
) {
  override get message() {
    return `what is stored for ${this.place} is not a sealed value of a version that this release reads`
  }
}

/** Authentication failed: changed, moved from another place, or sealed with another key of the same id. */
export class CannotOpen extends Schema.TaggedError<CannotOpen>("pgkeel/secret/CannotOpen")("CannotOpen", {
  place: Schema.String,
  keyId: Schema.String
}) {
  override get message() {
    return (
      `the sealed value for ${this.place} does not open with the key ${this.keyId}: ` +
      "it was changed, or it was sealed for another place"
    )
  }
}

/** The plaintext is not well-formed Unicode, so it could not be given back unchanged. */
export class CannotSeal extends Schema.TaggedError<CannotSeal>("pgkeel/secret/CannotSeal")("CannotSeal", {
  place: Schema.String
}) {
  override get message() {
    return `the value for ${this.place} is not well-formed Unicode text and cannot be sealed`
  }
}

/** The runtime's cryptography refused an operation that it should support. */
export class CryptoUnavailable extends Schema.TaggedError<CryptoUnavailable>("pgkeel/secret/CryptoUnavailable")(
  "CryptoUnavailable",
  {
    operation: Schema.String,
    description: Schema.String
  }
) {
  override get message() {
    return `${this.operation} is not possible on this runtime: ${this.description}`
  }
}

/** The source of logins has none to give at this moment. */
export class LoginUnavailable extends Schema.TaggedError<LoginUnavailable>("pgkeel/secret/LoginUnavailable")(
  "LoginUnavailable",
  {
    description: Schema.String
  }
) {
  override get message() {
    return `no login is available for a new connection: ${this.description}`
  }
}

export const SecretErrorReason = Schema.Union([
  KeyMissing,
  KeyInvalid,
  KeyFileUnusable,
  KeyFileExposed,
  KeyUnknown,
  SealedMalformed,
  CannotOpen,
  CannotSeal,
  CryptoUnavailable,
  LoginUnavailable
])
export type SecretErrorReason = typeof SecretErrorReason.Type

export class SecretError extends Schema.TaggedError<SecretError>("pgkeel/secret/SecretError")("SecretError", {
  reason: SecretErrorReason
}) {
  override get name(): string {
    return "SecretError"
  }

  override get message() {
    return this.reason.message
  }
}
