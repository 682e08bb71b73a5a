/**
 * Rehearses what is pending on a scratch database, which is dropped afterwards:
 * first what the real database has applied, so that the two are alike, then what
 * it has not. A copy of a template, such as a restored backup, is migrated as it is.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { DatabaseConfigError } from "../../config/DatabaseConfigError.ts"
import type { Session } from "./session.ts"
import { isApplied } from "./history.ts"
import type { Migration } from "./migration.ts"
import { plan, type PlannedMigration } from "./plan.ts"
import { refuse } from "./policies.ts"
import { isDue, review } from "./review.ts"
import { withScratch } from "./scratch.ts"
import { up } from "./up.ts"
import type { Failure, Workshop } from "./workshop.ts"

export interface ShadowOptions {
  /** Of a login that may create databases, on a server that may be written to. The scratch database is made beside its own. */
  readonly url: Redacted.Redacted<string>
  /** A database on that server to copy. It must have no sessions. Default: an empty one, in which everything applied is run again. */
  readonly template?: string | undefined
}

export type ShadowOutcome =
  | { readonly _tag: "Succeeded" }
  | {
      readonly _tag: "Failed"
      /** `history`: what is applied could not be run again, so that nothing is known of what is pending. */
      readonly phase: "history" | "pending"
      readonly error: Failure
    }

export interface ShadowReport {
  /** What `up` would run on the real database. */
  readonly plan: ReadonlyArray<PlannedMigration>
  readonly outcome: ShadowOutcome
}

export const shadow = Effect.fnUntraced(function* (
  workshop: Workshop,
  { template, url }: ShadowOptions
): Effect.fn.Return<ShadowReport, Failure | DatabaseConfigError> {
  const planned = yield* plan(workshop, {})
  const { applied, pending } = yield* halves(workshop)
  const login = { url, applicationName: "pgkeel shadow", minConnections: 0, maxConnections: 3 }
  const settings = yield* workshop.settings(login)
  const rehearsal = Effect.flatMap(workshop.openSession, (session) =>
    template === undefined ? replay(workshop, session, applied, pending) : migrateCopy(workshop, session)
  )
  const server = { ...settings, statementTimeout: undefined, startTimeout: Duration.zero }
  const outcome = yield* withScratch(server, { template }, rehearsal).pipe(
    // What is applied there is said, and must not be taken for the real database's.
    Effect.annotateLogs("shadow", true)
  )
  return { plan: planned, outcome }
})

const halves = Effect.fnUntraced(function* ({ policies, session, sources }: Workshop) {
  const loaded = yield* sources
  const entries = yield* session.look((rows) => refuse(policies, review(loaded, rows)))
  const [applied, pending]: [Array<Migration>, Array<Migration>] = [[], []]
  for (const { migration, row } of entries) {
    if (migration === undefined) continue
    if (row !== undefined && isApplied(row) && !isDue(migration, row)) applied.push(migration)
    else pending.push(migration)
  }
  return { applied, pending }
})

const replay = Effect.fnUntraced(function* (
  { prepareUps }: Workshop,
  session: Session,
  applied: ReadonlyArray<Migration>,
  pending: ReadonlyArray<Migration>
) {
  const run = (migrations: ReadonlyArray<Migration>) =>
    session.migrate(() => Effect.succeed(migrations.map((migration) => ({ migration, row: undefined }))), prepareUps)
  const before = yield* outcomeOf("history", run(applied))
  return before._tag === "Failed" ? before : yield* outcomeOf("pending", run(pending))
})

const migrateCopy = (workshop: Workshop, session: Session) => outcomeOf("pending", up({ ...workshop, session }, {}))

const outcomeOf = (phase: "history" | "pending", run: Effect.Effect<unknown, Failure>): Effect.Effect<ShadowOutcome> =>
  Effect.match(run, {
    onSuccess: () => ({ _tag: "Succeeded" }) as const,
    onFailure: (error) => ({ _tag: "Failed", phase, error }) as const
  })
