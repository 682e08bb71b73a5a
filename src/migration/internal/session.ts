/**
 * One call of the migrator: one connection, reserved from the client's pool, on
 * which the history is read, the lock is held and the migrations run.
 */
import { PgClient } from "@effect/sql-pg/PgClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlClient } from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"
import type { MigrationHooks } from "../MigrationHooks.ts"
import type { MigrationProgress, MigrationStep } from "../MigrationProgress.ts"
import { make as makeClient } from "./client.ts"
import * as History from "./history.ts"
import { callAround } from "./hooks.ts"
import { withLock } from "./lock.ts"
import { type Kind, type Migration, subject } from "./migration.ts"
import type { Patience } from "./patience.ts"
import type { Direction, Prepared } from "./prepare.ts"
import type { Selected } from "./entry.ts"
import { refuseSharedSession } from "./pooler.ts"
import { runTogether } from "./pipeline.ts"
import { type Attempt, run } from "./runner.ts"
import { enter, requireRole, type Settings } from "./settings.ts"
import type { Run, Task } from "./task.ts"

/** A migration that was applied or reverted, and how long that took. */
export interface MigrationResult {
  readonly namespace: string
  readonly id: string
  readonly name: string
  readonly kind: Kind
  readonly direction: Direction
  readonly duration: Duration.Duration
}

export interface SessionOptions {
  readonly role?: string | undefined
  readonly searchPath?: ReadonlyArray<string> | undefined
  readonly lockTimeout?: Duration.Input | undefined
  readonly statementTimeout?: Duration.Input | undefined
  readonly lockAttempts?: number | undefined
  readonly lockBackoff?: Duration.Input | undefined
  readonly lockPatience?: Duration.Input | undefined
  readonly hooks?: MigrationHooks | undefined
  readonly progress?: ((event: MigrationProgress) => Effect.Effect<void>) | undefined
}

type Failure = MigrationError | DatabaseError

/** Chooses from the history what to run. It is asked again once the lock is held. */
type Select = Look<ReadonlyArray<Selected>>

/** What runs, in order. One migration may be there in both directions. */
type Prepare = (migrations: ReadonlyArray<Migration>) => Effect.Effect<ReadonlyArray<Prepared>, MigrationError>

/** Finds out about the database, and changes nothing. The connection is in no transaction. */
export type Look<A> = (rows: ReadonlyArray<History.Row>, connection: Connection) => Effect.Effect<A, Failure>

/** A call of the migrator's, on the database that it was made for. */
export interface Session {
  readonly look: <A>(look: Look<A>) => Effect.Effect<A, Failure>
  readonly migrate: (select: Select, prepare: Prepare) => Effect.Effect<ReadonlyArray<MigrationResult>, Failure>
  /**
   * Changes the history itself, all or nothing, unless `look` finds nothing to
   * change. It is asked again once the lock is held.
   */
  readonly amend: <A>(
    look: Look<ReadonlyArray<A>>,
    write: (connection: Connection, changes: ReadonlyArray<A>) => Effect.Effect<void, Failure>
  ) => Effect.Effect<ReadonlyArray<A>, Failure>
  /** What `amend` would change. Fails as it would for its role, and changes nothing. */
  readonly propose: <A>(look: Look<ReadonlyArray<A>>) => Effect.Effect<ReadonlyArray<A>, Failure>
}

export const makeSession = Effect.fnUntraced(function* (options: SessionOptions) {
  const application = yield* SqlClient
  const pgClient = Option.getOrUndefined(yield* Effect.serviceOption(PgClient))
  const patience = options.lockPatience ?? Duration.minutes(1)
  const settings: Settings = { ...options, lockTimeout: options.lockTimeout ?? Duration.seconds(2) }
  const retrying: Patience = {
    attempts: options.lockAttempts ?? 10,
    backoff: Duration.fromInputUnsafe(options.lockBackoff ?? Duration.seconds(1))
  }
  const report = options.progress ?? (() => Effect.void)

  const reserved = <A, E>(use: (connection: Connection) => Effect.Effect<A, E>) =>
    Effect.scoped(Effect.flatMap(DatabaseError.refine(application.reserve), use))

  const open = Effect.fnUntraced(function* (connection: Connection, pid: number, exists: boolean) {
    const client = yield* makeClient(connection, application, pgClient).pipe(
      Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make)
    )
    const origin = yield* History.originOf(connection)
    const run: Run = { client, settings, pid, origin, patience: retrying, hooks: options.hooks ?? {} }
    if (!exists) yield* inTransaction(run, History.create)
    return run
  })

  /** `find` is asked without the lock, because mostly there is nothing to do, and again with it. */
  const whenFound = <A, B>(
    find: Look<ReadonlyArray<A>>,
    use: (found: ReadonlyArray<A>, opened: Effect.Effect<Run, Failure>) => Effect.Effect<ReadonlyArray<B>, Failure>
  ): Effect.Effect<ReadonlyArray<B>, Failure> =>
    reserved((connection) => {
      const found = Effect.flatMap(History.read(connection), ({ exists, rows }) =>
        Effect.map(find(rows, connection), (items) => ({ exists, items }))
      )
      const again = (pid: number) =>
        Effect.flatMap(found, ({ exists, items }) =>
          items.length === 0 ? Effect.succeed([]) : use(items, open(connection, pid, exists))
        )
      return Effect.flatMap(found, ({ items }) =>
        items.length === 0
          ? Effect.succeed([])
          : Effect.andThen(refuseSharedSession(connection, application), withLock(connection, patience, again))
      )
    })

  return {
    look: (look) =>
      reserved((connection) => Effect.flatMap(History.read(connection), ({ rows }) => look(rows, connection))),
    propose: (look) =>
      reserved((connection) =>
        History.read(connection).pipe(
          Effect.flatMap(({ rows }) => look(rows, connection)),
          Effect.tap((changes) => (changes.length === 0 ? Effect.void : requireRole(connection, options.role)))
        )
      ),
    migrate: (select, prepare) => whenFound(select, runAll(prepare, report)),
    amend: (look, write) =>
      whenFound(look, (changes, opened) =>
        opened.pipe(
          Effect.flatMap((run) => inTransaction(run, (connection) => write(connection, changes))),
          Effect.as(changes)
        )
      )
  } satisfies Session
})

/** Everything is prepared before the history is made and the first of it runs. */
const runAll = (prepare: Prepare, report: Task["report"]) =>
  Effect.fnUntraced(function* (selected: ReadonlyArray<Selected>, opened: Effect.Effect<Run, Failure>) {
    const prepared = yield* prepare(selected.map(({ migration }) => migration))
    const run = yield* opened
    const rows = new Map(selected.map(({ migration, row }) => [migration, row]))
    const tasks = prepared.map((next, index) =>
      makeTask(run, next, rows.get(next.migration), { number: index + 1, of: prepared.length }, report)
    )
    const steps = tasks.map(({ step }) => step)
    yield* callAround(run, "beforeAll", steps)
    const results = yield* runTogether(tasks, runLogged)
    yield* callAround(run, "afterAll", steps)
    return results
  })

const inTransaction = (
  { client: { connection, sql }, pid, settings }: Run,
  write: (connection: Connection) => Effect.Effect<void, Failure>
): Effect.Effect<void, Failure> =>
  sql.withTransaction(Effect.andThen(enter(connection, settings, pid), write(connection))).pipe(DatabaseError.refine)

const makeTask = (
  current: Run,
  prepared: Prepared,
  row: History.Row | undefined,
  count: { readonly number: number; readonly of: number },
  report: Task["report"]
): Task => {
  const { direction, migration, script } = prepared
  const step: MigrationStep = { ...subject(migration, script), direction, ...count }
  const blocked: Task["blocked"] = (cause, attempt, wait) =>
    Effect.logWarning(`migration ${script.file} did not get its locks and is tried again`, cause.message).pipe(
      Effect.annotateLogs({ ...subject(migration, script), attempt, waitMillis: Duration.toMillis(wait) }),
      Effect.andThen(report({ ...step, _tag: "Blocked", attempt, wait, cause }))
    )
  return { current, prepared, row, step, report, blocked }
}

const runLogged = Effect.fnUntraced(function* (task: Task, first?: Attempt) {
  const { direction, migration, script } = task.prepared
  const { id, kind, name, namespace } = migration
  const duration = yield* run(task, first)
  yield* Effect.logInfo(`${direction === "up" ? "applied" : "reverted"} migration ${script.file}`).pipe(
    Effect.annotateLogs({ namespace, id, durationMillis: Duration.toMillis(duration) })
  )
  return { namespace, id, name, kind, direction, duration } satisfies MigrationResult
})
