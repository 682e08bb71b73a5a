/**
 * Takes a server from nothing to a database that an application can migrate and
 * use: roles, database, grants, extensions, the package's own tables, generated
 * credentials.
 *
 * Runs with an administrator's login, at every start of a container if need be:
 * what is right is left alone, and what a killed run left undone is done. One
 * provisioner works on a server at a time; the others wait.
 */
import * as Context from "effect/Context"
import * as Aead from "effect/crypto/Aead"
import * as Digest from "effect/crypto/Digest"
import * as Kdf from "effect/crypto/Kdf"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import { DatabaseConfig } from "../config/DatabaseConfig.ts"
import type { DatabaseConfigError } from "../config/DatabaseConfigError.ts"
import type { DatabaseOptions, Settings } from "../config/Settings.ts"
import type { CredentialError } from "../credential/CredentialError.ts"
import type { Crypto } from "../credential/CredentialManager.ts"
import * as EnvFile from "../credential/EnvFile.ts"
import type { DatabaseError } from "../error/DatabaseError.ts"
import type { MigrationError } from "../migration/MigrationError.ts"
import { KeyProvider } from "../secret/KeyProvider.ts"
import { resolve } from "./DesiredState.ts"
import type { DesiredState } from "./DesiredState.ts"
import { applyState, planState } from "./internal/apply.ts"
import { checkNames } from "./internal/names.ts"
import { checkOptions, checkState } from "./internal/optionRules.ts"
import type { ProvisionerOptions } from "./ProvisionerOptions.ts"
import type { Change, ProvisionReport } from "./ProvisionReport.ts"
import { AdministratorMissing, ProvisioningError } from "./ProvisioningError.ts"

export type { ProvisionerOptions }

export type ProvisioningFailure =
  | ProvisioningError
  | DatabaseConfigError
  | DatabaseError
  | MigrationError
  | CredentialError

/** Only these: the rest of the context belongs to whoever calls, not to whoever built the layer. */
const pickServices = Context.pick(
  KeyProvider,
  FileSystem.FileSystem,
  Path.Path,
  Aead.Aead,
  Digest.Digest,
  Kdf.Kdf,
  Mac.Mac,
  SecureRandom.SecureRandom
)

const adminVariable = "DATABASE_ADMIN_URL"

type Services = KeyProvider | Crypto | FileSystem.FileSystem | Path.Path

const readAdmin = (
  options: DatabaseOptions
): Effect.Effect<Settings, ProvisioningError | DatabaseConfigError, FileSystem.FileSystem> =>
  Effect.flatMap(
    DatabaseConfig.find(adminVariable, {
      applicationName: "pgkeel provisioner",
      maxConnections: 4,
      minConnections: 0,
      ...options
    }),
    (settings) =>
      settings === undefined
        ? Effect.fail(new ProvisioningError({ reason: new AdministratorMissing({ variable: adminVariable }) }))
        : Effect.succeed(settings)
  )

const make = Effect.fnUntraced(function* (options: ProvisionerOptions) {
  const services = pickServices(yield* Effect.context<Services>())

  const read = Effect.fnUntraced(function* (of: string, state: DesiredState) {
    yield* checkOptions(options)
    yield* checkState(of, state)
    const wanted = resolve(state)
    yield* checkNames(wanted)
    return { wanted, admin: yield* readAdmin(options.admin ?? {}) }
  })

  const plan = Effect.fn("Provisioner.plan")(function* (state: DesiredState) {
    const { admin, wanted } = yield* read("Provisioner.plan", state)
    return yield* planState(admin, wanted)
  }, Effect.provideContext(services))

  const apply = Effect.fn("Provisioner.apply")(function* (state: DesiredState) {
    const { admin, wanted } = yield* read("Provisioner.apply", state)
    const { credentialsFile, patience = "1 minute" } = options
    if (credentialsFile !== undefined) yield* EnvFile.check(credentialsFile)
    return yield* applyState(admin, wanted, { patience, credentialsFile })
  }, Effect.provideContext(services))

  return Provisioner.of({ plan, apply })
})

export class Provisioner extends Context.Service<
  Provisioner,
  {
    /** What `apply` would change; changes nothing. */
    readonly plan: (state: DesiredState) => Effect.Effect<ReadonlyArray<Change>, ProvisioningFailure>
    /** Makes the server as wanted. Repeating it changes nothing. */
    readonly apply: (state: DesiredState) => Effect.Effect<ProvisionReport, ProvisioningFailure>
  }
>()("pgkeel/provisioning/Provisioner") {
  /** Wrong options are the `InvalidOption` of each `plan` and `apply`, before the server is asked anything. */
  static readonly layer = (options: ProvisionerOptions = {}): Layer.Layer<Provisioner, never, Services> =>
    Layer.effect(Provisioner, make(options))
}
