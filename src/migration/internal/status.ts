/** Every migration and what the history says of it. */
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { MigrationPolicies, MigrationPolicy } from "../MigrationPolicies.ts"
import { isApplied, type Row } from "./history.ts"
import type { Kind } from "./migration.ts"
import { policyOf } from "./policies.ts"
import { type Entry, isDue, type Problem, review } from "./review.ts"
import type { Failure, Workshop } from "./workshop.ts"

export interface MigrationStatus {
  readonly namespace: string
  readonly id: string
  readonly name: string
  /** Not there when the file is missing. */
  readonly kind: Kind | undefined
  /**
   * A migration that failed or was reverted is tried again by the next `up`, as is one that is pending: new, or
   * repeatable and changed.
   */
  readonly state: "pending" | Row["state"]
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
  session,
  sources
}: Workshop): Effect.fn.Return<ReadonlyArray<MigrationStatus>, Failure> {
  const loaded = yield* sources
  return yield* session.look((rows) => Effect.succeed(review(loaded, rows).map(statusOf(policies))))
})

const statusOf =
  (policies: MigrationPolicies) =>
  ({ id, migration, namespace, problem, row }: Entry): MigrationStatus => {
    const policy = problem && policyOf(policies, problem)
    return {
      namespace,
      id,
      name: migration?.name ?? row?.name ?? "",
      kind: migration?.kind,
      state:
        row === undefined || (isApplied(row) && migration !== undefined && isDue(migration, row))
          ? "pending"
          : row.state,
      appliedAt: row?.appliedAt ?? undefined,
      duration: row?.durationMillis == null ? undefined : Duration.millis(row.durationMillis),
      error: row?.error ?? undefined,
      problem: policy === "fail" ? problem : undefined,
      tolerated: problem === undefined || policy === undefined || policy === "fail" ? undefined : { policy, problem }
    }
  }
