/** Every migration and what the history says of it. */
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { MigrationPolicies, MigrationPolicy } from "../MigrationPolicies.ts"
import { isApplied, isHalfReverted, type Row } from "./history.ts"
import type { Kind, Migration } from "./migration.ts"
import { policyOf } from "./policies.ts"
import type { Entry, Problem } from "./entry.ts"
import { isDue, review } from "./review.ts"
import { requireRole } from "./settings.ts"
import type { Failure, Workshop } from "./workshop.ts"

export interface MigrationStatus {
  readonly namespace: string
  readonly id: string
  readonly name: string
  /** Not there when the file is missing. */
  readonly kind: Kind | undefined
  /**
   * A migration that failed or was reverted is tried again by the next `up`, as is one that is pending: new, or
   * repeatable and changed. One that is reverting has lost a part of what it did to a `down` without a transaction that
   * was broken off; the next `down` goes on with it.
   */
  readonly state: "pending" | "reverting" | Row["state"]
  readonly appliedAt: DateTime.Utc | undefined
  readonly duration: Duration.Duration | undefined
  /** What the last try failed with. */
  readonly error: string | undefined
  /** What makes `up` refuse to run. */
  readonly problem: Problem | undefined
  /** What does not fit, and is let pass by a policy. */
  readonly tolerated: { readonly policy: Exclude<MigrationPolicy, "fail">; readonly problem: Problem } | undefined
}

export const status = Effect.fnUntraced(function* ({
  policies,
  role,
  session,
  sources
}: Workshop): Effect.fn.Return<ReadonlyArray<MigrationStatus>, Failure> {
  const loaded = yield* sources
  return yield* session.look((rows, connection) =>
    Effect.as(requireExists(connection, role), review(loaded, rows).map(statusOf(policies)))
  )
})

/** Whoever only looks need not be a member of it. */
const requireExists = (connection: Connection, role: string | undefined) =>
  requireRole(connection, role).pipe(
    Effect.catchReason("MigrationError", "RoleRefused", (reason, error) =>
      reason.exists ? Effect.void : Effect.fail(error)
    )
  )

const stateOf = (migration: Migration | undefined, row: Row | undefined): MigrationStatus["state"] => {
  if (row === undefined) return "pending"
  if (isHalfReverted(row)) return "reverting"
  return isApplied(row) && migration !== undefined && isDue(migration, row) ? "pending" : row.state
}

const statusOf =
  (policies: MigrationPolicies) =>
  ({ id, migration, namespace, problem, row }: Entry): MigrationStatus => {
    const policy = problem && policyOf(policies, problem)
    return {
      namespace,
      id,
      name: migration?.name ?? row?.name ?? "",
      kind: migration?.kind,
      state: stateOf(migration, row),
      appliedAt: row?.appliedAt ?? undefined,
      duration: row?.durationMillis == null ? undefined : Duration.millis(row.durationMillis),
      error: row?.error ?? undefined,
      problem: policy === "fail" ? problem : undefined,
      tolerated: problem === undefined || policy === undefined || policy === "fail" ? undefined : { policy, problem }
    }
  }
