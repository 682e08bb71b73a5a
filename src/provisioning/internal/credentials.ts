/** The generated passwords: stored sealed, set as verifiers, and written to a file where that is wanted. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Settings } from "../../config/Settings.ts"
import { CredentialManager } from "../../credential/CredentialManager.ts"
import type { Credential } from "../../credential/CredentialManager.ts"
import * as EnvFile from "../../credential/EnvFile.ts"
import type { ResolvedState } from "../DesiredState.ts"
import type { Change, ProvisionedLogin } from "../ProvisionReport.ts"

const urlOf = (settings: Settings, { password, username }: Credential): Redacted.Redacted<string> => {
  const host = settings.host.startsWith("/")
    ? `/${encodeURIComponent(settings.database)}?host=${encodeURIComponent(settings.host)}&port=${settings.port}`
    : `${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${settings.port}/${encodeURIComponent(
        settings.database
      )}?`
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(Redacted.value(password))}`
  const sslMode = settings.sslMode === "prefer" ? "" : `sslmode=${settings.sslMode}`
  return Redacted.make(`postgres://${login}@${host}${sslMode}`.replace(/[?&]$/, ""))
}

/**
 * The credential of one role. A stored one stays; where the role's verifier is
 * another, somebody changed the role behind the store, and the stored password
 * is set again.
 */
const ensureCredential = Effect.fnUntraced(function* (name: string, role: string) {
  const manager = yield* CredentialManager
  const change = (object: string): ReadonlyArray<Change> => [{ kind: "credential", object }]
  const stored = yield* manager
    .resolve(name)
    .pipe(Effect.catchReason("CredentialError", "NotFound", () => Effect.undefined))
  if (stored === undefined) {
    const password = yield* manager.generate()
    const credential = yield* manager.store({ name, role, password })
    return { credential, changes: change(`password of ${role}`) }
  }
  if ((yield* manager.verify(name)) !== "mismatch") return { credential: stored, changes: [] }
  const credential = yield* manager.store({ name, role, password: stored.password })
  return { credential, changes: change(`password of ${role}, which had been changed`) }
})

export const provisionCredentials = Effect.fnUntraced(
  function* (target: Settings, state: ResolvedState, file: string | undefined) {
    const migrator = yield* ensureCredential("migrator", state.migrator)
    const application = yield* ensureCredential("application", state.application)
    const login = (credential: Credential): ProvisionedLogin => ({
      username: credential.username,
      password: credential.password,
      url: urlOf(target, credential)
    })
    const logins = { migrator: login(migrator.credential), application: login(application.credential) }
    const written =
      file === undefined
        ? "unchanged"
        : yield* EnvFile.write(file, {
            DATABASE_URL: logins.application.url,
            DATABASE_MIGRATOR_URL: logins.migrator.url
          })
    const fileChange: ReadonlyArray<Change> = written === "written" ? [{ kind: "file", object: file ?? "" }] : []
    return { ...logins, changes: [...migrator.changes, ...application.changes, ...fileChange] }
  },
  Effect.provide(CredentialManager.layer, { local: true })
)
