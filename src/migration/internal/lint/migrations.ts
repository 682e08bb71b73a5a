/** Lint of the migrations of a migrator, with what its database knows of them. */
import * as Effect from "effect/Effect"
import { didYouMean } from "../../../config/internal/nearest.ts"
import { MigrationError } from "../../MigrationError.ts"
import { UnknownRule } from "../../MigrationErrorReason.ts"
import { ownNamespace } from "../../MigrationSource.ts"
import type { Migration } from "../migration.ts"
import type { Prepared } from "../prepare.ts"
import { pendingOf, review } from "../review.ts"
import { namespaceOf } from "../target.ts"
import type { Failure, Workshop } from "../workshop.ts"
import {
  eachStatement,
  type Finding,
  findingsIn,
  isScript,
  type LintInput,
  open,
  type Opened,
  type Surroundings
} from "./engine.ts"
import { factsFor } from "./facts.ts"
import type { Lock } from "./lockModes.ts"
import { locksOf } from "./locks.ts"
import { ruleNames } from "./rules.ts"
import type { Connection } from "effect/sql/SqlConnection"

export interface LintTarget {
  /** `pending`: what `up` would run. `all`: also what is applied, and cannot be edited any more. Default: `pending`. */
  readonly which?: "pending" | "all" | undefined
  /** Default: all but the package's own. */
  readonly namespace?: string | undefined
}

export interface LintReport {
  /** The files that were looked at. Modules and migrations in code are not. */
  readonly files: ReadonlyArray<string>
  readonly findings: ReadonlyArray<Finding>
}

export const lint = Effect.fnUntraced(function* (
  workshop: Workshop,
  { namespace, which = "pending" }: LintTarget
): Effect.fn.Return<LintReport, Failure> {
  yield* refuseUnknown(workshop.lint.off ?? [])
  const loaded = yield* workshop.sources
  const only = namespace === undefined ? undefined : yield* namespaceOf(loaded, namespace, "")
  const isAsked = (migration: Migration) =>
    only === undefined ? migration.namespace !== ownNamespace : migration.namespace === only
  return yield* workshop.session.look(
    Effect.fnUntraced(function* (rows, connection) {
      const migrations =
        which === "all"
          ? loaded.flatMap((source) => source.migrations)
          : pendingOf(review(loaded, rows)).map(({ migration }) => migration)
      const opened = yield* openAll(migrations.filter(isAsked))
      const around = yield* surroundings(workshop, connection, opened)
      const findings = opened.flatMap((one) => findingsIn(one, around))
      return { files: opened.map(({ file }) => file), findings }
    })
  )
})

/** Of files that are given by themselves; with a connection, its database is asked about what they name. */
export const lintFiles = Effect.fnUntraced(function* (
  inputs: ReadonlyArray<LintInput>,
  options: Pick<Workshop, "lint" | "searchPath">,
  connection: Connection | undefined
): Effect.fn.Return<ReadonlyArray<Finding>, Failure> {
  const { lint, searchPath } = options
  yield* refuseUnknown(lint.off ?? [])
  const opened = yield* Effect.forEach(inputs, open)
  const around = connection === undefined ? { ...lint, searchPath } : yield* surroundings(options, connection, opened)
  return opened.flatMap((one) => findingsIn(one, around))
})

const refuseUnknown = (off: ReadonlyArray<string>): Effect.Effect<void, MigrationError> => {
  const rule = off.find((name) => !ruleNames.includes(name))
  return rule === undefined
    ? Effect.void
    : Effect.fail(new MigrationError({ reason: new UnknownRule({ rule, advice: didYouMean(rule, ruleNames) }) }))
}

const openAll = (migrations: ReadonlyArray<Migration>): Effect.Effect<ReadonlyArray<Opened>, MigrationError> =>
  Effect.map(
    Effect.forEach(migrations, ({ up }) =>
      up._tag === "Sql"
        ? Effect.flatMap(up.text, (text) => Effect.map(open({ file: up.file, text }), (opened) => [opened]))
        : Effect.succeed([])
    ),
    (opened) => opened.flat()
  )

/** One round trip, and none where there is nothing to ask about. */
const surroundings = (
  { lint, searchPath }: Pick<Workshop, "lint" | "searchPath">,
  connection: Connection,
  opened: ReadonlyArray<Opened>
): Effect.Effect<Surroundings, Failure> => {
  const scripts = opened.flatMap(({ script }) => (isScript(script) ? [script] : []))
  if (scripts.length === 0) return Effect.succeed({ ...lint, searchPath })
  return Effect.map(factsFor(connection, scripts, searchPath), (facts) => ({ ...lint, facts, searchPath }))
}

/** What a plan says of a migration: the locks of each of its statements, and what lint finds. */
export interface Review {
  readonly locks: ReadonlyArray<ReadonlyArray<Lock>>
  readonly findings: ReadonlyArray<Finding>
}

/** What reverts is meant to drop and to rewrite, and the package's own cannot be edited: only their locks are told. */
export const reviewAll = Effect.fnUntraced(function* (
  workshop: Workshop,
  connection: Connection,
  prepared: ReadonlyArray<Prepared>
): Effect.fn.Return<ReadonlyArray<Review>, Failure> {
  yield* refuseUnknown(workshop.lint.off ?? [])
  const opened = yield* Effect.forEach(prepared, ({ script }) =>
    script._tag === "Sql"
      ? Effect.flatMap(script.text, (text) => open({ file: script.file, text }))
      : Effect.succeed(undefined)
  )
  const around = yield* surroundings(
    workshop,
    connection,
    opened.flatMap((one) => one ?? [])
  )
  return opened.map((one, i) => {
    if (one === undefined || !isScript(one.script)) return { locks: [], findings: [] }
    const locks: Array<ReadonlyArray<Lock>> = []
    eachStatement(one.script, around, (statement, context) => void locks.push(locksOf(statement, context)))
    const { direction, migration } = prepared[i] ?? {}
    const isMeant = direction === "down" || migration?.namespace === ownNamespace
    return { locks, findings: isMeant ? [] : findingsIn(one, around) }
  })
})
