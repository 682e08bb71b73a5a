/**
 * Brings a database to the schema that the sources describe, and back.
 *
 * - Each migration happens completely or not at all, together with its row in
 *   the history table `pgkeel.migrations`.
 * - Any number of processes may call `up` at once: one runs, the others wait
 *   and then find nothing to do.
 * - What was edited, renamed, lost or inserted late is refused before anything
 *   runs. So is a file that does not parse, or that has no statement.
 * - When there is nothing to do it costs one round trip, takes no lock and
 *   changes nothing.
 *
 * Every call works on one connection of its own from the client's pool, outside
 * any transaction that the caller has open. Advisory locks belong to server
 * sessions: behind a pooler in transaction mode, give this a client with a
 * direct URL.
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { SqlClient } from "effect/sql/SqlClient"
import type { DatabaseError } from "../error/DatabaseError.ts"
import { type DownTarget, revertible } from "./internal/downTarget.ts"
import type { Row } from "./internal/history.ts"
import { load } from "./internal/loader.ts"
import type { Kind } from "./internal/migration.ts"
import { type Prepared, prepareDowns, prepareUp } from "./internal/prepare.ts"
import { type Entry, pendingOf, type Problem, review, type Selected } from "./internal/review.ts"
import { makeSession, type MigrationResult } from "./internal/session.ts"
import type { Statement } from "./internal/splitter.ts"
import { MigrationError } from "./MigrationError.ts"
import type { MigrationProgress } from "./MigrationProgress.ts"
import type { MigrationSource } from "./MigrationSource.ts"

export type { DownTarget, MigrationResult }

export interface MigratorOptions {
  /** In the order in which they run, except that the package's own (`MigrationSource.own`) come first. */
  readonly sources: ReadonlyArray<MigrationSource>
  /**
   * The role that owns what migrations create, and the history. The login must be
   * a member of it and inherit its privileges. Default: the login itself.
   */
  readonly role?: string | undefined
  /** Schemas, unquoted. Default: the session's own search path. */
  readonly searchPath?: ReadonlyArray<string> | undefined
  /**
   * How long a statement may wait for a lock on a table, with others queueing
   * behind it, before the migration is rolled back and tried again. Default: 2 seconds.
   */
  readonly lockTimeout?: Duration.Input | undefined
  /** How often a migration that did not get its locks is tried in all. Default: 10, which takes about three minutes. */
  readonly lockAttempts?: number | undefined
  /** How long to stay out of the way before the second attempt; it doubles with each, up to 30 seconds. Default: 1 second. */
  readonly lockBackoff?: Duration.Input | undefined
  /** How long a statement may take. Default: what the server has set for the login. */
  readonly statementTimeout?: Duration.Input | undefined
  /** How long to wait for another migrator to finish. Default: 1 minute. */
  readonly lockPatience?: Duration.Input | undefined
  /** Is told how a run goes on, for whoever shows it. The run waits for it. */
  readonly progress?: ((event: MigrationProgress) => Effect.Effect<void>) | undefined
}

export interface MigrationStatus {
  readonly namespace: string
  readonly id: string
  readonly name: string
  /** Not there when the file is missing. */
  readonly kind: Kind | undefined
  /** A migration that failed or was reverted is tried again by the next `up`, as is one that is pending. */
  readonly state: "pending" | Row["state"]
  readonly appliedAt: DateTime.Utc | undefined
  readonly duration: Duration.Duration | undefined
  /** What the last try failed with. */
  readonly error: string | undefined
  /** What makes `up` refuse to run. */
  readonly problem: Problem | undefined
}

/** A migration that `up` would run, in one transaction. An Effect has no statements to show. */
export interface PlannedMigration {
  readonly namespace: string
  readonly id: string
  readonly name: string
  readonly kind: Kind
  readonly file: string
  readonly statements: ReadonlyArray<Statement>
}

type Failure = MigrationError | DatabaseError

export class Migrator extends Context.Service<
  Migrator,
  {
    /** Applies everything that is pending. Stops at the first failure; what was applied before it stays. */
    readonly up: () => Effect.Effect<{ readonly applied: ReadonlyArray<MigrationResult> }, Failure>
    /** Reverts, latest first. Refuses before touching anything if one of them has no down. */
    readonly down: (target: DownTarget) => Effect.Effect<{ readonly reverted: ReadonlyArray<MigrationResult> }, Failure>
    /** Every migration of the sources and what the history says of it. Problems are told, not failed with. */
    readonly status: () => Effect.Effect<ReadonlyArray<MigrationStatus>, Failure>
    /** What `up` would run. Fails as `up` would before it runs anything; changes nothing. */
    readonly plan: () => Effect.Effect<ReadonlyArray<PlannedMigration>, Failure>
  }
>()("pgkeel/migration/Migrator") {
  static readonly layer = (
    options: MigratorOptions
  ): Layer.Layer<Migrator, never, SqlClient | FileSystem.FileSystem | Path.Path> =>
    Layer.effect(Migrator, make(options))
}

const make = Effect.fnUntraced(function* (options: MigratorOptions) {
  const session = yield* makeSession(options)
  // Only these: the rest of the context belongs to whoever calls, not to whoever built the layer.
  const files = Context.make(FileSystem.FileSystem, yield* FileSystem.FileSystem).pipe(
    Context.add(Path.Path, yield* Path.Path)
  )
  const sources = Effect.provideContext(load(options.sources), files)

  const up = Effect.fn("Migrator.up")(function* () {
    const loaded = yield* sources
    const applied = yield* session.migrate(
      (rows) => pending(review(loaded, rows)),
      (migrations) => Effect.provideContext(Effect.forEach(migrations, prepareUp), files)
    )
    return { applied }
  })

  const down = Effect.fn("Migrator.down")(function* (target: DownTarget) {
    const loaded = yield* sources
    const reverted = yield* session.migrate(
      (rows) => revertible(review(loaded, rows), loaded, target),
      (migrations) => Effect.provideContext(prepareDowns(migrations), files)
    )
    return { reverted }
  })

  const status = Effect.fn("Migrator.status")(function* () {
    const loaded = yield* sources
    const { rows } = yield* session.history
    return review(loaded, rows).map(statusOf)
  })

  const plan = Effect.fn("Migrator.plan")(function* () {
    const loaded = yield* sources
    const { rows } = yield* session.history
    const selected = yield* pending(review(loaded, rows))
    const migrations = selected.map(({ migration }) => migration)
    const prepared = yield* Effect.provideContext(Effect.forEach(migrations, prepareUp), files)
    return prepared.map(planned)
  })

  return Migrator.of({ up, down, status, plan })
})

/** Everything that `up` has to run, unless something does not fit. */
const pending = (entries: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Selected>, MigrationError> => {
  const problem = entries.find((entry) => entry.problem !== undefined)?.problem
  return problem === undefined
    ? Effect.succeed(pendingOf(entries))
    : Effect.fail(new MigrationError({ reason: problem }))
}

const statusOf = ({ id, migration, namespace, problem, row }: Entry): MigrationStatus => ({
  namespace,
  id,
  name: migration?.name ?? row?.name ?? "",
  kind: migration?.kind,
  state: row?.state ?? "pending",
  appliedAt: row?.appliedAt ?? undefined,
  duration: row?.durationMillis == null ? undefined : Duration.millis(row.durationMillis),
  error: row?.error ?? undefined,
  problem
})

const planned = ({ migration: { id, kind, name, namespace }, script, work }: Prepared): PlannedMigration => ({
  namespace,
  id,
  name,
  kind,
  file: script.file,
  statements: work._tag === "Statements" ? work.statements : []
})
