/**
 * What can go wrong with the credentials that this package keeps.
 *
 * One error with a tagged `reason`. What the server refuses is a `DatabaseError`
 * and not repeated here. No reason has a field that could hold a password, a
 * verifier, or a key.
 */
import * as Schema from "effect/Schema"

/** Nothing is stored under the name. */
export class NotFound extends Schema.TaggedError<NotFound>("pgkeel/credential/NotFound")("NotFound", {
  name: Schema.String
}) {
  override get message() {
    return `no credential is stored as "${this.name}": store one, or check the spelling and the database`
  }
}

/** The credential was withdrawn. */
export class Revoked extends Schema.TaggedError<Revoked>("pgkeel/credential/Revoked")("Revoked", {
  name: Schema.String
}) {
  override get message() {
    return `the credential "${this.name}" was revoked: store a new password to put its role back in use`
  }
}

/** The key that the credential needs cannot be had. */
export class KeyUnavailable extends Schema.TaggedError<KeyUnavailable>("pgkeel/credential/KeyUnavailable")(
  "KeyUnavailable",
  {
    name: Schema.String,
    /** What the key provider said. */
    description: Schema.String
  }
) {
  override get message() {
    return `the key for the credential "${this.name}" is not available: ${this.description}`
  }
}

/** The stored value fails authentication or is no sealed value: it was changed or moved. */
export class CannotOpen extends Schema.TaggedError<CannotOpen>("pgkeel/credential/CannotOpen")("CannotOpen", {
  name: Schema.String,
  description: Schema.String
}) {
  override get message() {
    return (
      `the credential "${this.name}" cannot be opened: ${this.description}; ` +
      "find out who wrote to the table, then rotate the credential"
    )
  }
}

/** The role does not exist. */
export class RoleNotFound extends Schema.TaggedError<RoleNotFound>("pgkeel/credential/RoleNotFound")("RoleNotFound", {
  name: Schema.String,
  role: Schema.String
}) {
  override get message() {
    return `the role "${this.role}" of the credential "${this.name}" does not exist: create it first`
  }
}

/** One role has one password: the name and the role are not free to go together. */
export class RoleConflict extends Schema.TaggedError<RoleConflict>("pgkeel/credential/RoleConflict")("RoleConflict", {
  name: Schema.String,
  role: Schema.String,
  /** The live credential that stands in the way. */
  heldName: Schema.String,
  heldRole: Schema.String
}) {
  override get message() {
    return (
      `cannot store "${this.name}" for the role "${this.role}": ` +
      `"${this.heldName}" holds the password of the role "${this.heldRole}"; use that name, or revoke it first`
    )
  }
}

/** The password cannot be used for a login. */
export class InvalidPassword extends Schema.TaggedError<InvalidPassword>("pgkeel/credential/InvalidPassword")(
  "InvalidPassword",
  {
    description: Schema.String
  }
) {
  override get message() {
    return `the password cannot be used: ${this.description}`
  }
}

/** The text is no SCRAM-SHA-256 verifier. */
export class InvalidVerifier extends Schema.TaggedError<InvalidVerifier>("pgkeel/credential/InvalidVerifier")(
  "InvalidVerifier",
  {
    description: Schema.String
  }
) {
  override get message() {
    return `this is not a SCRAM-SHA-256 verifier: ${this.description}`
  }
}

/** An option that does not exist, has a wrong type or is missing. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>("pgkeel/credential/InvalidOption")(
  "InvalidOption",
  {
    /** What is wrong, with what to give instead; nothing of a value. */
    description: Schema.String
  }
) {
  override get message() {
    return this.description
  }
}

/** Fewer bits were asked for than a generated secret must have. */
export class InsufficientEntropy extends Schema.TaggedError<InsufficientEntropy>(
  "pgkeel/credential/InsufficientEntropy"
)("InsufficientEntropy", {
  bits: Schema.Number,
  least: Schema.Int,
  most: Schema.Int
}) {
  override get message() {
    return `a generated secret has from ${this.least} to ${this.most} bits, not ${this.bits}`
  }
}

/** The role may not log in any more, but sessions that it had open do not end. */
export class SessionsRemain extends Schema.TaggedError<SessionsRemain>("pgkeel/credential/SessionsRemain")(
  "SessionsRemain",
  {
    name: Schema.String,
    role: Schema.String,
    count: Schema.Int
  }
) {
  override get message() {
    return (
      `"${this.name}" is revoked, but ${this.count} session(s) of the role "${this.role}" are still open: ` +
      "revoke it again, or end them on the server"
    )
  }
}

/** A stored row does not have the columns that this release reads. */
export class StoreUnreadable extends Schema.TaggedError<StoreUnreadable>("pgkeel/credential/StoreUnreadable")(
  "StoreUnreadable",
  {
    description: Schema.String
  }
) {
  override get message() {
    return `the table of credentials cannot be read: ${this.description}; run the package's migrations`
  }
}

/** The runtime's cryptography refused an operation that it should support. */
export class CryptoUnavailable extends Schema.TaggedError<CryptoUnavailable>("pgkeel/credential/CryptoUnavailable")(
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

/** The environment file cannot be read or written. */
export class EnvFileUnusable extends Schema.TaggedError<EnvFileUnusable>("pgkeel/credential/EnvFileUnusable")(
  "EnvFileUnusable",
  {
    path: Schema.String,
    description: Schema.String
  }
) {
  override get message() {
    return `the environment file ${this.path} cannot be written: ${this.description}`
  }
}

/** A variable that an environment file cannot express for every one of its readers. */
export class EnvFileValue extends Schema.TaggedError<EnvFileValue>("pgkeel/credential/EnvFileValue")("EnvFileValue", {
  variable: Schema.String,
  description: Schema.String
}) {
  override get message() {
    return `the variable ${this.variable} cannot go into an environment file: ${this.description}`
  }
}

export const CredentialErrorReason = Schema.Union([
  NotFound,
  Revoked,
  KeyUnavailable,
  CannotOpen,
  RoleNotFound,
  RoleConflict,
  InvalidPassword,
  InvalidVerifier,
  InvalidOption,
  InsufficientEntropy,
  SessionsRemain,
  StoreUnreadable,
  CryptoUnavailable,
  EnvFileUnusable,
  EnvFileValue
])
export type CredentialErrorReason = typeof CredentialErrorReason.Type

export class CredentialError extends Schema.TaggedError<CredentialError>("pgkeel/credential/CredentialError")(
  "CredentialError",
  {
    reason: CredentialErrorReason
  }
) {
  override get name(): string {
    return "CredentialError"
  }

  override get message() {
    return this.reason.message
  }
}
