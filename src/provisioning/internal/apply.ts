/** Provisioning step by step: the cluster, the database, the package's tables, the credentials. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { Settings } from "../../config/Settings.ts"
import { ConnectionManager } from "../../connection/ConnectionManager.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { Migrator } from "../../migration/Migrator.ts"
import * as MigrationSource from "../../migration/MigrationSource.ts"
import * as AdvisoryLock from "../../session/AdvisoryLock.ts"
import type { ResolvedState } from "../DesiredState.ts"
import type { Change, ProvisionReport } from "../ProvisionReport.ts"
import { NotEstablished, ProvisionerBusy, ProvisioningError } from "../ProvisioningError.ts"
import { clusterFacts } from "./clusterFacts.ts"
import { provisionCredentials } from "./credentials.ts"
import { coreFacts, databaseFacts } from "./databaseFacts.ts"
import { establish, missingFacts } from "./fact.ts"
import type { Fact } from "./fact.ts"

/** "pgke" and "el" with a 2; the migrator's lock has a 1. */
const lockKey: AdvisoryLock.Key = [1885825893, 1701576706]

const changeOf = ({ kind, object }: Fact): Change => ({ kind, object })

/** Runs an effect with a client of its own, which is closed afterwards. */
const withClient = <A, E, R>(settings: Settings, use: Effect.Effect<A, E, R>) =>
  Effect.andThen(
    Effect.flatMap(ConnectionManager, (manager) => manager.connect),
    use
  ).pipe(Effect.provide(ConnectionManager.layerOf(settings), { local: true }))

const missing = (facts: ReadonlyArray<Fact>) => Effect.flatMap(SqlClient.SqlClient, (sql) => missingFacts(sql, facts))

/** Makes the facts hold that do not, and says which those were. */
const ensure = Effect.fnUntraced(function* (facts: ReadonlyArray<Fact>) {
  const sql = yield* SqlClient.SqlClient
  const open = yield* missingFacts(sql, facts)
  if (open.length === 0) return []
  yield* establish(sql, open)
  const still = yield* missingFacts(sql, open)
  if (still.length === 0) return open.map(changeOf)
  return yield* new ProvisioningError({ reason: new NotEstablished({ objects: still.map(({ object }) => object) }) })
})

/** The package's own tables, made by its own migrations as the owner. */
const ensureCoreTables = (state: ResolvedState) =>
  Effect.gen(function* () {
    const migrator = yield* Migrator
    const { applied } = yield* migrator.up()
    return applied.map(({ id, name, namespace }) => ({ kind: "table", object: `${namespace}/${id}_${name}` }))
  }).pipe(Effect.provide(Migrator.layer({ sources: [MigrationSource.own], role: state.owner }), { local: true }))

const busy = (error: AdvisoryLock.LockHeld | AdvisoryLock.LockLost): ProvisioningError =>
  new ProvisioningError({ reason: new ProvisionerBusy({ holder: error.message }) })

/** One provisioner at a time, for as long as the administrator's session lives. */
const exclusively = <A, E, R>(patience: Duration.Input, use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const connection = yield* DatabaseError.refine(sql.reserve)
    return yield* AdvisoryLock.withLock(connection, { key: lockKey, patience, refused: busy }, () => use)
  }).pipe(Effect.scoped)

export interface ApplyOptions {
  readonly patience: Duration.Input
  readonly credentialsFile: string | undefined
}

export const applyState = (admin: Settings, state: ResolvedState, options: ApplyOptions) => {
  const target: Settings = { ...admin, database: state.database }
  const inDatabase = Effect.gen(function* () {
    const database = yield* ensure(databaseFacts(state))
    const tables = yield* ensureCoreTables(state)
    const core = yield* ensure(coreFacts(state))
    const credentials = yield* provisionCredentials(target, state, options.credentialsFile)
    return { changes: [...database, ...tables, ...core, ...credentials.changes], credentials }
  })
  const everything = Effect.gen(function* () {
    const cluster = yield* ensure(clusterFacts(state))
    const { changes, credentials } = yield* withClient(target, inDatabase)
    const report: ProvisionReport = {
      changes: [...cluster, ...changes],
      application: credentials.application,
      migrator: credentials.migrator
    }
    return report
  })
  return withClient(admin, exclusively(options.patience, everything))
}

/** Without its database nothing can be asked of it, so then everything in it is missing. */
export const planState = (admin: Settings, state: ResolvedState) =>
  withClient(
    admin,
    Effect.gen(function* () {
      const cluster = yield* missing(clusterFacts(state))
      const inside = [...databaseFacts(state), ...coreFacts(state)]
      const isThere = !cluster.some(
        ({ kind, object }) => kind === "database" && object === `database ${state.database}`
      )
      const database = isThere ? yield* withClient({ ...admin, database: state.database }, missing(inside)) : inside
      return [...cluster, ...database].map(changeOf)
    })
  )
