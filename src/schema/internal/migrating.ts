/** The migrations of a start: applied, found applied, or refused. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SqlClient } from "effect/sql/SqlClient"
import { DatabaseConfig, describeTarget } from "../../config/DatabaseConfig.ts"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../../migration/MigrationError.ts"
import type { MigrationResult, MigrationStatus, Migrator } from "../../migration/Migrator.ts"
import { MigrationsPending, SchemaError } from "../SchemaError.ts"
import { count } from "./count.ts"
import { requireSameDatabase } from "./sameDatabase.ts"

/** The login that may change the schema, with what it needs. */
export interface Privileged {
  readonly sql: SqlClient
  readonly migrator: Migrator["Service"]
}

/** Where the schema is now, as seen from the sources. */
export interface Migrated {
  readonly applied: ReadonlyArray<MigrationResult>
  /** Those that are pending, where a start may do without them. */
  readonly pending: ReadonlyArray<string>
  /** Whether a later release has migrated it, and a policy lets that pass. */
  readonly isAhead: boolean
}

const isApplied = ({ state }: MigrationStatus): boolean => state === "applied" || state === "baselined"

const label = ({ id, name, namespace }: MigrationStatus): string => `${namespace}/${id}_${name}`

const isLater = ({ tolerated }: MigrationStatus): boolean =>
  tolerated?.problem._tag === "MissingFile" && tolerated.problem.newer

/** The database that is looked at, for messages; services may stand on a client without a configuration. */
const targetOf = Effect.map(Effect.serviceOption(DatabaseConfig), (settings) =>
  Option.getOrUndefined(Option.map(settings, describeTarget))
)

/** What a policy lets pass with a warning. Applying says so by itself. */
const warn = (status: ReadonlyArray<MigrationStatus>) =>
  Effect.forEach(
    status.filter(({ tolerated }) => tolerated?.policy === "warn"),
    ({ id, namespace, tolerated }) =>
      Effect.logWarning(tolerated?.problem.message).pipe(Effect.annotateLogs({ namespace, id })),
    { discard: true }
  )

/** Lets pending migrations pass, or not. */
const leave = Effect.fnUntraced(function* (
  pending: Arr.NonEmptyReadonlyArray<string>,
  policy: "fail" | "warn" | "allow"
): Effect.fn.Return<void, SchemaError> {
  const reason = new MigrationsPending({ migrations: pending, target: yield* targetOf })
  if (policy === "fail") return yield* new SchemaError({ reason })
  if (policy === "warn") yield* Effect.logWarning(`started on an earlier schema: ${reason.message}`)
})

/** Applies what is pending; without a login that may, the policy says whether to start all the same. */
export const migrate = Effect.fnUntraced(function* (
  sql: SqlClient,
  reader: Migrator["Service"],
  privileged: Privileged | undefined,
  policy: "fail" | "warn" | "allow"
): Effect.fn.Return<Migrated, DatabaseError | MigrationError | SchemaError> {
  const status = yield* reader.status()
  // A plan fails with the first problem, as applying would, and changes nothing.
  if (status.some(({ problem }) => problem !== undefined)) yield* reader.plan()
  const pending = status.filter((migration) => !isApplied(migration)).map(label)
  const isAhead = status.some(isLater)
  if (!Arr.isArrayNonEmpty(pending) || privileged === undefined) yield* warn(status)
  if (!Arr.isArrayNonEmpty(pending)) return { applied: [], pending: [], isAhead }
  if (privileged === undefined) {
    yield* leave(pending, policy)
    return { applied: [], pending, isAhead }
  }
  yield* requireSameDatabase(sql, privileged.sql)
  return { applied: (yield* privileged.migrator.up()).applied, pending: [], isAhead }
})

export const describeMigrated = ({ applied, pending }: Migrated): string => {
  if (pending.length > 0) return `pending: ${pending.join(", ")}`
  if (applied.length === 0) return "up to date"
  return `applied ${count(applied, "migration")}`
}
