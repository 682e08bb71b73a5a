/**
 * The credentials of database roles: made, stored encrypted, rotated, revoked.
 *
 * The role's verifier and the sealed password change in one transaction, so
 * there is no moment at which the stored password is not the one that logs in,
 * whenever the process is killed. The server is told the verifier only, and that
 * as a parameter: the password is in no statement, log, or statistic.
 *
 * Sessions that are open survive a rotation, because PostgreSQL looks at the
 * password when a session starts. `revoke` ends them.
 *
 * A lock keeps writers in one database apart. Roles belong to the whole cluster:
 * keep the credential of one role in one database.
 */
import * as Rule from "../config/internal/rules.ts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../error/DatabaseError.ts"
import type { KeyProvider } from "../secret/KeyProvider.ts"
import type { CredentialError } from "./CredentialError.ts"
import type * as GeneratedSecret from "./GeneratedSecret.ts"
import { type Crypto, makeManager, pickServices } from "./internal/credentialManager.ts"
import { checkOptions } from "./internal/optionRules.ts"
import type { Taken } from "./internal/optionRules.ts"

export interface Credential {
  /** What the application calls it. */
  readonly name: string
  /** The role. */
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /** Counts the passwords stored under the name, from 1. */
  readonly version: number
}

export interface Options {
  /** The schema of this package's tables; by default `pgkeel`. */
  readonly schema?: string
}

const taken: Taken<Options> = {
  of: "CredentialManager.layerWith",
  rules: { schema: Rule.anyText },
  example: `{ schema: "pgkeel" }`
}

/** What the manager needs of `effect/crypto`; `NodeCrypto.layer` provides all of it. */
export type { Crypto }

export class CredentialManager extends Context.Service<
  CredentialManager,
  {
    /** A new random password, by default of 192 bits. Nothing is stored. */
    readonly generate: (options?: GeneratedSecret.Options) => Effect.Effect<Redacted.Redacted<string>, CredentialError>
    /**
     * Makes `password` the password of `role`, which may log in from now on, and
     * keeps it under `name`. A revoked name is in use again afterwards. Fails
     * with `RoleNotFound`, and with `RoleConflict` when the name is in use for
     * another role or the role under another name.
     */
    readonly store: (credential: {
      readonly name: string
      readonly role: string
      readonly password: Redacted.Redacted<string>
    }) => Effect.Effect<Credential, CredentialError | DatabaseError>
    /** The stored credential. Fails with `NotFound`, `Revoked`, `KeyUnavailable`, or `CannotOpen`. */
    readonly resolve: (name: string) => Effect.Effect<Credential, CredentialError | DatabaseError>
    /**
     * Replaces the password by a new random one, also when the old one cannot
     * be opened any more. Sessions that are open stay.
     */
    readonly rotate: (name: string) => Effect.Effect<Credential, CredentialError | DatabaseError>
    /**
     * Whether the stored password is the role's: `unknown` where this login may
     * not read `pg_authid`, or where the role has a verifier of the old MD5 kind.
     */
    readonly verify: (name: string) => Effect.Effect<Verification, CredentialError | DatabaseError>
    /**
     * Withdraws the credential: the role may not log in and has no password, and
     * its open sessions are ended, except the caller's own. Safe to repeat.
     *
     * Not for use inside a transaction: sessions end at once, and until the
     * commit the role can open new ones. A login that may not end sessions of the
     * role (`pg_signal_backend`) fails with `InsufficientPrivilege` after the
     * revocation is committed.
     */
    readonly revoke: (name: string) => Effect.Effect<Revocation, CredentialError | DatabaseError>
  }
>()("pgkeel/credential/CredentialManager") {
  /** Options that do not exist or have a wrong type are a bug, and a defect when the layer is built. */
  static readonly layerWith = (
    options: Options
  ): Layer.Layer<CredentialManager, never, SqlClient | KeyProvider | Crypto> =>
    Layer.effect(
      CredentialManager,
      Effect.gen(function* () {
        yield* Effect.orDie(checkOptions(taken, options))
        const sql = yield* SqlClient
        const services = yield* Effect.context<KeyProvider | Crypto>()
        return CredentialManager.of(makeManager(sql, pickServices(services), options.schema ?? "pgkeel"))
      })
    )

  /** The manager over the schema `pgkeel`. */
  static readonly layer: Layer.Layer<CredentialManager, never, SqlClient | KeyProvider | Crypto> = Layer.suspend(() =>
    CredentialManager.layerWith({})
  )
}

export type Verification = "match" | "mismatch" | "unknown"

export interface Revocation {
  /** Sessions of the role that were open and are ended. */
  readonly sessionsTerminated: number
}
