/**
 * The login for a new connection, asked for each time one is opened.
 *
 * The connection pool sits on a lower floor than the credential store. It asks
 * this service, and whoever composes the layers decides what answers: a fixed
 * login, the credential store, or a vault. Because the question is put for every
 * connection, a rotated password is picked up without a restart.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { SecretError } from "./SecretError.ts"

export interface Login {
  readonly username: string
  /** `undefined` where the server asks for none: `peer`, `trust`, or a client certificate. */
  readonly password: Redacted.Redacted<string> | undefined
}

export class LoginSource extends Context.Service<
  LoginSource,
  {
    /** The login to use now. */
    readonly login: Effect.Effect<Login, SecretError>
  }
>()("pgkeel/secret/LoginSource") {
  /** Always the same login. */
  static readonly layerStatic = (login: Login): Layer.Layer<LoginSource> =>
    Layer.succeed(LoginSource, LoginSource.of({ login: Effect.succeed(login) }))
}
