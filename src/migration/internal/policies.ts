/** Applies the policies to what a review has found. */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import type { MigrationPolicies, MigrationPolicy } from "../MigrationPolicies.ts"
import type { Entry, Problem } from "./entry.ts"

/** What the policies say about a problem. */
export const policyOf = (policies: MigrationPolicies, problem: Problem): MigrationPolicy => {
  switch (problem._tag) {
    case "OutOfOrder":
      return policies.late ?? "fail"
    case "ChecksumMismatch":
      return policies.edited ?? "fail"
    case "NameMismatch":
      return problem.contents === "same" ? (policies.renamed ?? "fail") : "fail"
    case "HalfDone":
      return "fail"
    case "MissingFile":
      return (problem.newer ? policies.newer : policies.missing) ?? "fail"
  }
}

/** Fails with the first problem that no policy lets pass. */
export const refuse = (
  policies: MigrationPolicies,
  entries: ReadonlyArray<Entry>
): Effect.Effect<ReadonlyArray<Entry>, MigrationError> => {
  const reason = entries.find(({ problem }) => problem !== undefined && policyOf(policies, problem) === "fail")?.problem
  return reason === undefined ? Effect.succeed(entries) : Effect.fail(new MigrationError({ reason }))
}

/** Logs what passes with a warning, once for a call, which reviews the history again once it has the lock. */
export const makeWarnings = (policies: MigrationPolicies) => {
  const told = new Set<string>()
  return (entries: ReadonlyArray<Entry>): Effect.Effect<void> =>
    Effect.forEach(
      entries,
      ({ id, namespace, problem }) => {
        if (problem === undefined || policyOf(policies, problem) !== "warn" || told.has(problem.message)) {
          return Effect.void
        }
        told.add(problem.message)
        return Effect.logWarning(problem.message).pipe(Effect.annotateLogs({ namespace, id, problem: problem._tag }))
      },
      { discard: true }
    )
}
