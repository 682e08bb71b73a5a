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
 * sessions: give this a client with a direct URL, not one behind a pooler in
 * transaction mode, which is refused where it shows.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { SqlClient } from "effect/sql/SqlClient"
import { DatabaseConfig } from "../config/DatabaseConfig.ts"
import type { DatabaseConfigError } from "../config/DatabaseConfigError.ts"
import type { Rules } from "../config/internal/rules.ts"
import * as Adopt from "./internal/adopt.ts"
import type { ForeignTool } from "./internal/adopt/adopter.ts"
import * as Baseline from "./internal/baseline.ts"
import { readBeside } from "./internal/directory.ts"
import { check, checked } from "./internal/callRules.ts"
import * as Down from "./internal/down.ts"
import type { DownTarget } from "./internal/downTarget.ts"
import type { Finding } from "./internal/lint/engine.ts"
import type * as Lint from "./internal/lint/migrations.ts"
import { load } from "./internal/loader.ts"
import * as Plan from "./internal/plan.ts"
import { lintModule } from "./internal/lintModule.ts"
import { migratorRules, progress } from "./internal/optionRules.ts"
import { prepareDowns, prepareUp } from "./internal/prepare.ts"
import * as Redo from "./internal/redo.ts"
import * as Repair from "./internal/repair.ts"
import { makeSession, type MigrationResult } from "./internal/session.ts"
import * as Shadow from "./internal/shadow.ts"
import * as Status from "./internal/status.ts"
import * as Up from "./internal/up.ts"
import type { UpTarget } from "./internal/upTarget.ts"
import type { Failure, MigrationName, Workshop } from "./internal/workshop.ts"
import type { MigrationError } from "./MigrationError.ts"
import type { LintOptions } from "./LintOptions.ts"
import type { MigrationHooks } from "./MigrationHooks.ts"
import type { MigrationPolicies } from "./MigrationPolicies.ts"
import type { MigrationProgress } from "./MigrationProgress.ts"
import type { MigrationSource, SeedSource } from "./MigrationSource.ts"

export type { DownTarget, ForeignTool, MigrationName, MigrationResult, UpTarget }
export type Adoption = Adopt.Adoption
export type AdoptOptions = Adopt.AdoptOptions
export type BaselineTarget = Baseline.BaselineTarget
export type LintFinding = Finding
export type LintReport = Lint.LintReport
export type LintTarget = Lint.LintTarget
export type MigrationStatus = Status.MigrationStatus
export type PlannedMigration = Plan.PlannedMigration
export type PlannedStatement = Plan.PlannedStatement
export type PlanTarget = Plan.PlanTarget
export type RedoTarget = Redo.RedoTarget
export type RepairOptions = Repair.RepairOptions
export type HistoryRepair = Repair.Repair
export type ShadowOptions = Shadow.ShadowOptions
export type ShadowOutcome = Shadow.ShadowOutcome
export type ShadowReport = Shadow.ShadowReport

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
  /** What to do about a history that does not fit the sources. Default: fail, before anything runs. */
  readonly policies?: MigrationPolicies | undefined
  /** Which rules of lint are not asked. Default: all are. */
  readonly lint?: LintOptions | undefined
  /** Data to start with, for the environment. Default: none. */
  readonly seeds?: SeedSource | undefined
  /** What to do before and after a run, and each of its migrations. */
  readonly hooks?: MigrationHooks | undefined
  /** Is told how a run goes on, for whoever shows it. The run waits for it. */
  readonly progress?: ((event: MigrationProgress) => Effect.Effect<void>) | undefined
}

export class Migrator extends Context.Service<
  Migrator,
  {
    /** Applies what is pending. Stops at the first failure; what was applied before it stays. */
    readonly up: (target?: UpTarget) => Effect.Effect<{ readonly applied: ReadonlyArray<MigrationResult> }, Failure>
    /** Reverts, latest first. Refuses before touching anything if one of them has no down. */
    readonly down: (target: DownTarget) => Effect.Effect<{ readonly reverted: ReadonlyArray<MigrationResult> }, Failure>
    /** Reverts the latest and applies it again, from its present file. Both are prepared before anything is touched. */
    readonly redo: (target?: RedoTarget) => Effect.Effect<
      {
        readonly reverted: ReadonlyArray<MigrationResult>
        readonly applied: ReadonlyArray<MigrationResult>
      },
      Failure
    >
    /** Every migration of the sources and what the history says of it. Problems are told, not failed with; a `role` that does not exist is. */
    readonly status: () => Effect.Effect<ReadonlyArray<MigrationStatus>, Failure>
    /** What `up`, `down` or `redo` would run. Fails as it would before it runs anything; changes nothing. */
    readonly plan: (target?: PlanTarget) => Effect.Effect<ReadonlyArray<PlannedMigration>, Failure>
    /**
     * What in the migrations locks or breaks an application that runs while they do, told by PostgreSQL's own parser
     * and by what the database knows of their tables. Findings are told, not failed with; nothing is changed.
     */
    readonly lint: (target?: LintTarget) => Effect.Effect<LintReport, Failure>
    /** Whether `up` would succeed on a copy: it is run on a scratch database of another server. A failure of it is a value. */
    readonly shadow: (options: ShadowOptions) => Effect.Effect<ShadowReport, Failure | DatabaseConfigError>
    /** Marks what the database has already, up to an id, as applied, and runs nothing. Refuses behind a later one. */
    readonly baseline: (
      target: BaselineTarget
    ) => Effect.Effect<{ readonly baselined: ReadonlyArray<MigrationName> }, Failure>
    /** Takes over what another tool has applied, by its history, which is left as it is. Runs nothing. */
    readonly adopt: (options?: AdoptOptions) => Effect.Effect<Adoption, Failure>
    /** Takes edited files for what was applied and forgets failed tries. Changes rows of the history, nothing else. */
    readonly repair: (
      options?: RepairOptions
    ) => Effect.Effect<{ readonly repaired: ReadonlyArray<HistoryRepair> }, Failure>
  }
>()("pgkeel/migration/Migrator") {
  /** Fails where an option does not exist or has a wrong type, as the calls do. */
  static readonly layer = (
    options: MigratorOptions
  ): Layer.Layer<Migrator, MigrationError, SqlClient | FileSystem.FileSystem | Path.Path> =>
    Layer.effect(Migrator, Effect.flatMap(checked("Migrator.layer", rules, example, options), make))
}

const rules: Rules<MigratorOptions> = {
  ...migratorRules,
  sources: { ...migratorRules.sources, isRequired: true },
  progress
}

const example = `{ sources: [{ namespace: "app", directory: "./migrations" }] }`

const make = Effect.fnUntraced(function* (options: MigratorOptions) {
  // Only these: the rest of the context belongs to whoever calls, not to whoever built the layer.
  const files = Context.make(FileSystem.FileSystem, yield* FileSystem.FileSystem).pipe(
    Context.add(Path.Path, yield* Path.Path)
  )
  const workshop: Workshop = {
    sources: Effect.provideContext(load(options.sources, options.seeds), files),
    readBeside: (namespace, path) => {
      const source = options.sources.find((one) => one.namespace === namespace)
      return Effect.provideContext(readBeside(source, path), files)
    },
    session: yield* makeSession(options),
    openSession: makeSession({ ...options, role: undefined, progress: undefined, hooks: undefined }),
    settings: (login) => Effect.provideContext(DatabaseConfig.load(login, "the option url of shadow"), files),
    policies: options.policies ?? {},
    lint: options.lint ?? {},
    role: options.role,
    searchPath: options.searchPath,
    prepareUps: (migrations) => Effect.provideContext(Effect.forEach(migrations, prepareUp), files),
    prepareDowns: (migrations) => Effect.provideContext(prepareDowns(migrations), files)
  }
  return Migrator.of({
    up: Effect.fn("Migrator.up")((target = {}) => Effect.flatMap(check.up(target), (right) => Up.up(workshop, right))),
    down: Effect.fn("Migrator.down")((target) =>
      Effect.flatMap(check.down(target), (right) => Down.down(workshop, right))
    ),
    redo: Effect.fn("Migrator.redo")((target = {}) =>
      Effect.flatMap(check.redo(target), (right) => Redo.redo(workshop, right))
    ),
    status: Effect.fn("Migrator.status")(() => Status.status(workshop)),
    plan: Effect.fn("Migrator.plan")((target = {}) =>
      Effect.flatMap(check.plan(target), (right) => Plan.plan(workshop, right))
    ),
    lint: Effect.fn("Migrator.lint")((target = {}) =>
      Effect.flatMap(check.lint(target), (right) =>
        Effect.flatMap(lintModule, (module) => module.lint(workshop, right))
      )
    ),
    shadow: Effect.fn("Migrator.shadow")((options) =>
      Effect.flatMap(check.shadow(options), (right) => Shadow.shadow(workshop, right))
    ),
    baseline: Effect.fn("Migrator.baseline")((target) =>
      Effect.flatMap(check.baseline(target), (right) => Baseline.baseline(workshop, right))
    ),
    adopt: Effect.fn("Migrator.adopt")((options = {}) =>
      Effect.flatMap(check.adopt(options), (right) => Adopt.adopt(workshop, right))
    ),
    repair: Effect.fn("Migrator.repair")((options = {}) =>
      Effect.flatMap(check.repair(options), (right) => Repair.repair(workshop, right))
    )
  })
})
