/**
 * The methods of `CredentialManager`.
 *
 * What is slow (deriving the verifier) happens before the lock is taken; what
 * decides anything (is it revoked, whose role is it) is read under the lock.
 */
import * as Context from "effect/Context"
import * as Aead from "effect/crypto/Aead"
import * as Digest from "effect/crypto/Digest"
import * as Kdf from "effect/crypto/Kdf"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { SqlClient } from "effect/sql/SqlClient"
import * as Rule from "../../config/internal/rules.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { KeyProvider } from "../../secret/KeyProvider.ts"
import * as Sealed from "../../secret/Sealed.ts"
import type { SecretError } from "../../secret/SecretError.ts"
import {
  CannotOpen,
  CredentialError,
  KeyUnavailable,
  NotFound,
  Revoked,
  RoleConflict,
  RoleNotFound,
  SessionsRemain
} from "../CredentialError.ts"
import type { CredentialErrorReason } from "../CredentialError.ts"
import * as GeneratedSecret from "../GeneratedSecret.ts"
import * as ScramVerifier from "../ScramVerifier.ts"
import * as CredentialStore from "./credentialStore.ts"
import type { Store, StoredCredential } from "./credentialStore.ts"
import { checkOptions } from "./optionRules.ts"
import type { Taken } from "./optionRules.ts"

export type Crypto = Aead.Aead | Digest.Digest | Kdf.Kdf | Mac.Mac | SecureRandom.SecureRandom

/** Only these: the rest of the context belongs to whoever calls, not to whoever built the layer. */
export const pickServices = Context.pick(
  KeyProvider,
  Aead.Aead,
  Digest.Digest,
  Kdf.Kdf,
  Mac.Mac,
  SecureRandom.SecureRandom
)

interface Storable {
  readonly name: string
  readonly role: string
  readonly password: Redacted.Redacted<string>
}

const storable: Taken<Storable> = {
  of: "CredentialManager.store",
  rules: {
    name: { ...Rule.anyText, isRequired: true },
    role: { ...Rule.anyText, isRequired: true },
    password: { ...Rule.secret("password"), isRequired: true }
  },
  example: `{ name: "application", role: "shop_app", password: Redacted.make(password) }`
}

interface Writable extends Storable {
  readonly verifier: ScramVerifier.ScramVerifier
}

/** How often sessions that came in while the role could still log in are looked for, 100 ms apart. */
const sweeps = 20

export const makeManager = (sql: SqlClient, services: Context.Context<KeyProvider | Crypto>, schema: string) => {
  const store = CredentialStore.make(sql, schema)
  const provided = Effect.provideContext(services)
  const underLock = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    sql.withTransaction(Effect.andThen(store.lock, effect)).pipe(DatabaseError.refine)

  return {
    generate: Effect.fn("CredentialManager.generate")((options?: GeneratedSecret.Options) =>
      provided(GeneratedSecret.make(options))
    ),

    store: Effect.fn("CredentialManager.store")(function* (credential: Storable) {
      yield* checkOptions(storable, credential)
      const verifier = yield* ScramVerifier.make(credential.password)
      return yield* underLock(claim(store, { ...credential, verifier }))
    }, provided),

    resolve: Effect.fn("CredentialManager.resolve")(function* (name: string) {
      const stored = yield* DatabaseError.refine(live(store, name))
      const password = yield* open(stored)
      return { name, username: stored.role, password, version: stored.version }
    }, provided),

    rotate: Effect.fn("CredentialManager.rotate")(function* (name: string) {
      const password = yield* GeneratedSecret.make()
      const verifier = yield* ScramVerifier.make(password)
      return yield* underLock(
        Effect.flatMap(live(store, name), ({ role }) => write(store, { name, role, password, verifier }))
      )
    }, provided),

    verify: Effect.fn("CredentialManager.verify")(function* (name: string) {
      const stored = yield* DatabaseError.refine(live(store, name))
      const password = yield* open(stored)
      if (!(yield* DatabaseError.refine(store.verifierReadable))) return "unknown" as const
      return yield* compare(password, yield* DatabaseError.refine(store.verifierOf(stored.role)))
    }, provided),

    revoke: Effect.fn("CredentialManager.revoke")(function* (name: string) {
      const role = yield* underLock(disable(store, name))
      const terminated = yield* DatabaseError.refine(sweep(store, name, role))
      return { sessionsTerminated: terminated }
    })
  }
}

const claim = Effect.fnUntraced(function* (store: Store, credential: Writable) {
  const { name, role } = credential
  const held = yield* store.conflict(name, role)
  if (held === undefined) return yield* write(store, credential)
  return yield* fail(new RoleConflict({ name, role, heldName: held.name, heldRole: held.role }))
})

const write = Effect.fnUntraced(function* (store: Store, { name, password, role, verifier }: Writable) {
  if (!(yield* store.roleExists(role))) return yield* fail(new RoleNotFound({ name, role }))
  const sealed = yield* Effect.mapError(Sealed.seal(password, placeOf(name, role)), keyUnavailable(name))
  const version = yield* store.put({ name, role, sealed, keyId: Sealed.keyIdOf(sealed) ?? "" })
  yield* store.setVerifier(role, ScramVerifier.format(verifier))
  return { name, username: role, password, version }
})

const live = Effect.fnUntraced(function* (store: Store, name: string) {
  const stored = yield* store.find(name)
  if (stored === undefined) return yield* fail(new NotFound({ name }))
  return stored.revoked ? yield* fail(new Revoked({ name })) : stored
})

const disable = Effect.fnUntraced(function* (store: Store, name: string) {
  const stored = yield* store.find(name)
  if (stored === undefined) return yield* fail(new NotFound({ name }))
  // A role that was dropped cannot log in either; one that went to another credential is that one's.
  const held = stored.revoked ? yield* store.conflict(name, stored.role) : undefined
  if (held !== undefined) {
    return yield* fail(new RoleConflict({ name, role: stored.role, heldName: held.name, heldRole: held.role }))
  }
  yield* store.markRevoked(name)
  if (yield* store.roleExists(stored.role)) yield* store.disable(stored.role)
  return stored.role
})

// A session that passed authentication before the commit may appear after the first look.
const sweep = Effect.fnUntraced(function* (store: Store, name: string, role: string) {
  let seen = yield* store.terminate(role)
  const first = seen
  for (let round = 0; round < sweeps && (seen > 0 || round === 0); round++) {
    yield* Effect.sleep("100 millis")
    seen = yield* store.terminate(role)
  }
  return seen > 0 ? yield* fail(new SessionsRemain({ name, role, count: seen })) : first
})

const compare = Effect.fnUntraced(function* (
  password: Redacted.Redacted<string>,
  text: Redacted.Redacted<string> | undefined
) {
  if (text === undefined) return "mismatch" as const
  return yield* ScramVerifier.parse(text).pipe(
    Effect.flatMap((verifier) => ScramVerifier.matches(password, verifier)),
    Effect.map((equal) => (equal ? ("match" as const) : ("mismatch" as const))),
    Effect.catchReason("CredentialError", "InvalidVerifier", () => Effect.succeed("unknown" as const))
  )
})

const open = ({ name, role, sealed }: StoredCredential) =>
  Effect.mapError(Sealed.open(sealed, placeOf(name, role)), (error) =>
    error.reason._tag === "CannotOpen" || error.reason._tag === "SealedMalformed"
      ? new CredentialError({ reason: new CannotOpen({ name, description: error.message }) })
      : keyUnavailable(name)(error)
  )

// An array in JSON: no pair of name and role reads like another pair.
const placeOf = (name: string, role: string) => `security_keys ${JSON.stringify([name, role])}`

const keyUnavailable = (name: string) => (error: SecretError) =>
  new CredentialError({ reason: new KeyUnavailable({ name, description: error.message }) })

const fail = (reason: CredentialErrorReason) => Effect.fail(new CredentialError({ reason }))
