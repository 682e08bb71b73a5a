/**
 * A login that is read from the credential store for each new connection, so
 * that a rotation reaches the pool with the next connection that it opens.
 *
 * The store is reached through another client than the one that logs in this
 * way: that of a provisioner, or of a login that may read only the store.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LoginSource } from "../secret/LoginSource.ts"
import { LoginUnavailable, SecretError } from "../secret/SecretError.ts"
import { CredentialManager } from "./CredentialManager.ts"

/** The credential stored under `name`; fails with `LoginUnavailable` while it cannot be resolved. */
export const layer = (name: string): Layer.Layer<LoginSource, never, CredentialManager> =>
  Layer.effect(
    LoginSource,
    Effect.map(CredentialManager, (manager) =>
      LoginSource.of({
        login: manager.resolve(name).pipe(
          Effect.map(({ password, username }) => ({ username, password })),
          Effect.mapError((error) => new SecretError({ reason: new LoginUnavailable({ description: error.message }) }))
        )
      })
    )
  )
