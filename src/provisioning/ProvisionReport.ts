/** What provisioning changed, and the logins that it left behind. */
import type * as Redacted from "effect/Redacted"

/** Something that is not as wanted, and what makes it so. */
export interface Change {
  readonly kind: string
  readonly object: string
}

/** A login that was provisioned. */
export interface ProvisionedLogin {
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /** Everything that is needed to connect with it. */
  readonly url: Redacted.Redacted<string>
}

export interface ProvisionReport {
  /** What was changed; empty when everything was as wanted. */
  readonly changes: ReadonlyArray<Change>
  readonly application: ProvisionedLogin
  readonly migrator: ProvisionedLogin
}
