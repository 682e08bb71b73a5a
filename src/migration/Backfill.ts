/**
 * Changes all rows of a large table while the application is at work on it: a batch
 * at a time, in the order of a key, each in a short transaction of its own.
 *
 * ```ts
 * const totals = Backfill.run({
 *   name: "orders_total",
 *   table: ["shop", "orders"],
 *   update: ({ where }) =>
 *     Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE shop.orders SET total = price * quantity WHERE ${where()}`)
 * })
 * ```
 *
 * - It can be broken off anywhere, by a kill too: the place is kept in
 *   `pgkeel.backfills`, in the batch's own transaction, and the next run goes on
 *   there. Once it has finished, it has nothing to do. Each row is done once.
 * - It stays out of the way: it waits while a replica is too far behind or somebody
 *   waits for a lock on the table. A batch that does not get its own locks in time
 *   is rolled back, and the next one is smaller.
 * - Rows that are written behind its place are not its business: from before it
 *   begins, the application (or a trigger) has to write the new form itself.
 *
 * It is run by the application, or in a migration with `transaction: false`; in an
 * open transaction it is refused, because all batches would be one. The login needs
 * SELECT, INSERT and UPDATE on `pgkeel.backfills`, which the Provisioner grants to the
 * application's.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SqlClient } from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import * as Rule from "../config/internal/rules.ts"
import type { Rules } from "../config/internal/rules.ts"
import { DatabaseError } from "../error/DatabaseError.ts"
import { quoteTable, type TableName } from "../session/internal/columns.ts"
import type { BackfillProgress } from "./BackfillProgress.ts"
import { type Batch, decoded, type Outcome, runBatch } from "./internal/backfillBatch.ts"
import { BackfillListener } from "./internal/backfillListener.ts"
import { loadOf } from "./internal/backfillLoad.ts"
import { checked } from "./internal/callRules.ts"
import { numberFrom, progress } from "./internal/optionRules.ts"
import { type BackfillTable, inspect } from "./internal/backfillTable.ts"
import { MigrationError } from "./MigrationError.ts"
import { BackfillRefused } from "./MigrationErrorReason.ts"

export type { Batch }

export interface BackfillOptions<E, R> {
  /** Under which its place is kept. What does something else needs another name. */
  readonly name: string
  /** A name, with a dot between schema and table, or in parts. */
  readonly table: TableName
  /** Columns that are NOT NULL, with which an index begins. Default: the primary key. */
  readonly key?: ReadonlyArray<string> | undefined
  /** What to do with a batch, in its transaction. One that has not called `where` is rolled back and refused. */
  readonly update: (batch: Batch) => Effect.Effect<unknown, E, R>
  /** Rows. Default: 1,000. */
  readonly batchSize?: number | undefined
  /** How long to rest after each batch. Default: not at all. */
  readonly pause?: Duration.Input | undefined
  /** How far the slowest replica may be behind, in bytes of WAL. Default: 64 MiB. */
  readonly maxLagBytes?: number | undefined
  /** How long to wait before it is looked again whether the way is clear. Default: 1 second. */
  readonly interval?: Duration.Input | undefined
  /** How long a statement of a batch may wait for a lock. Default: 1 second. */
  readonly lockTimeout?: Duration.Input | undefined
  /** How often in a row a batch may fail to get its locks before the backfill fails with that. Default: 10. */
  readonly lockAttempts?: number | undefined
  /** Is told how it goes on. The backfill waits for it. */
  readonly progress?: ((event: BackfillProgress) => Effect.Effect<void>) | undefined
}

export interface BackfillReport {
  /** Rows that this run has gone through. */
  readonly rows: number
  /** In how many batches. */
  readonly batches: number
  /** Rows of all runs together. */
  readonly totalRows: number
}

const rules: Rules<BackfillOptions<never, never>> = {
  name: { accepted: "the name under which its place is kept, as text", problem: Rule.text, isRequired: true },
  table: {
    accepted: `the name of a table, as text, or ["schema", "table"]`,
    problem: (value) => (Array.isArray(value) ? Rule.listOf(Rule.text)(value) : Rule.text(value)),
    isRequired: true
  },
  key: { accepted: "the names of columns, as text each", problem: Rule.listOf(Rule.text) },
  update: { accepted: "a function from a batch to an Effect", problem: Rule.callable, isRequired: true },
  batchSize: {
    accepted: "a whole number above 0",
    problem: (value) => (value === Infinity ? "no number of rows" : numberFrom(1, "").problem(value))
  },
  pause: Rule.anyDuration,
  maxLagBytes: numberFrom(0, "a number of bytes"),
  interval: Rule.anyDuration,
  lockTimeout: Rule.anyDuration,
  lockAttempts: numberFrom(1, "a whole number above 0"),
  progress
}

const example = `{ name: "orders_total", table: "shop.orders", update }`

/** Goes through all rows that no earlier run has. Succeeds when there is none left. */
export const run = Effect.fn("Backfill.run")(function* <E, R>(asked: BackfillOptions<E, R>) {
  const given = yield* checked("Backfill.run", rules, example, asked)
  const sql = yield* SqlClient
  const listener = yield* BackfillListener
  const progress = (event: BackfillProgress) => Effect.andThen(listener(event), given.progress?.(event) ?? Effect.void)
  const options = { ...given, progress }
  const { name, pause = Duration.zero } = options
  const table = yield* register(sql, options)
  const before = yield* doneBy(sql, name)
  yield* progress({ _tag: "Started", name, rows: before, estimate: table.estimate })
  const report = { rows: 0, batches: 0 }
  while (true) {
    yield* wayIsClear(sql, table, options)
    const started = yield* Clock.currentTimeNanos
    const outcome = yield* patiently(sql, table, options)
    if (outcome._tag === "Finished") {
      yield* progress({ _tag: "Finished", name, rows: outcome.rows })
      return { ...report, totalRows: outcome.rows } satisfies BackfillReport
    }
    if (outcome._tag === "Taken") {
      yield* waitFor(options, "runner")
      continue
    }
    const { batch, rows, size } = outcome
    report.rows += size
    report.batches++
    const duration = Duration.nanos((yield* Clock.currentTimeNanos) - started)
    yield* progress({ _tag: "BatchFinished", name, batch, rows, estimate: table.estimate, duration })
    yield* Effect.sleep(pause)
  }
})

type Named = Pick<BackfillOptions<never, never>, "name" | "table" | "key">

const register = Effect.fnUntraced(function* (sql: SqlClient, { key = [], name, table }: Named) {
  const called = quoteTable(table)
  const refuse = (problem: string) =>
    Effect.fail(new MigrationError({ reason: new BackfillRefused({ backfill: name, table: called, problem }) }))
  if (Option.isSome(yield* Effect.serviceOption(sql.transactionService))) {
    return yield* refuse(
      "a transaction is open, of which all batches would be a part; in a migration say transaction: false"
    )
  }
  const found = yield* inspect(sql, name, called, key)
  const columns = found.key.map((column) => column.name)
  const [row] = yield* decoded(
    Registered,
    sql`WITH added AS (
        INSERT INTO pgkeel.backfills (name, table_name, key_columns)
        VALUES (${name}::text, ${found.name}::text, ARRAY(SELECT pg_catalog.jsonb_array_elements_text(${JSON.stringify(columns)}::text::jsonb)))
        ON CONFLICT (name) DO NOTHING RETURNING table_name, key_columns)
      SELECT table_name, key_columns FROM added UNION ALL
      SELECT table_name, key_columns FROM pgkeel.backfills WHERE name = ${name}::text LIMIT 1`
  ).pipe(
    Effect.catchReason("DatabaseError", "UndefinedTable", () =>
      refuse("the table pgkeel.backfills is missing; apply the package's own migrations, with MigrationSource.own")
    ),
    Effect.catchReason("DatabaseError", "InsufficientPrivilege", () =>
      refuse(
        "its login may not keep the place in pgkeel.backfills; provision the database again, with the Provisioner, or grant " +
          "the login USAGE on schema pgkeel, and SELECT, INSERT and UPDATE on the table"
      )
    )
  )
  const [known, of] = row ?? [found.name, columns]
  return known === found.name && of.join("\0") === columns.join("\0")
    ? found
    : yield* refuse(`one of this name goes through ${known} by (${of.join(", ")}); give this one another name`)
})

const Registered = Schema.Array(Schema.Tuple([Schema.String, Schema.Array(Schema.String)]))

const doneBy = (sql: SqlClient, name: string) =>
  decoded(
    Schema.Array(Schema.Tuple([Schema.Finite])),
    sql`SELECT rows_done::float8 FROM pgkeel.backfills WHERE name = ${name}::text`
  ).pipe(Effect.map(([row]) => row?.[0] ?? 0))

type Waiting = Pick<BackfillOptions<never, never>, "name" | "interval" | "progress" | "maxLagBytes">

const waitFor = (
  { interval = Duration.seconds(1), name, progress = () => Effect.void }: Waiting,
  because: Extract<BackfillProgress, { readonly _tag: "Waiting" }>["because"],
  times = 1
) => {
  const wait = Duration.min(Duration.times(Duration.fromInputUnsafe(interval), times), longest)
  return Effect.andThen(progress({ _tag: "Waiting", name, because, wait }), Effect.sleep(wait))
}

const longest = Duration.seconds(30)

const wayIsClear = Effect.fnUntraced(function* (sql: SqlClient, table: BackfillTable, options: Waiting) {
  const { maxLagBytes = 64 * 1024 * 1024 } = options
  while (true) {
    const { lagBytes, waiting } = yield* loadOf(sql, table)
    if (lagBytes > maxLagBytes) yield* waitFor(options, "replica")
    else if (waiting > 0) yield* waitFor(options, "locks")
    else return
  }
})

/** One batch; what does not get its locks is tried again, with half of the rows each time. */
const patiently = Effect.fnUntraced(function* <E, R>(
  sql: SqlClient,
  table: BackfillTable,
  options: BackfillOptions<E, R>
): Effect.fn.Return<Outcome, E | DatabaseError | MigrationError, R> {
  const { batchSize = 1_000, lockAttempts = 10, lockTimeout = Duration.seconds(1), name, update } = options
  const lockMillis = Math.max(1, Math.ceil(Duration.toMillis(Duration.fromInputUnsafe(lockTimeout))))
  let attempt = 1
  while (true) {
    const size = Math.max(1, Math.floor(batchSize / 2 ** (attempt - 1)))
    const batch = DatabaseError.refine(runBatch(sql, { name, table, size, lockMillis, update }))
    const outcome = yield* Effect.catch(batch, (error) =>
      attempt < lockAttempts && isBlocked(error) ? Effect.succeed(undefined) : Effect.fail(error)
    )
    if (outcome !== undefined) return outcome
    yield* waitFor(options, "blocked", 2 ** (attempt - 1))
    attempt++
  }
})

/** Both were rolled back, and both pass. */
const isBlocked = (error: unknown): boolean => {
  const cause = isSqlError(error) ? DatabaseError.fromSqlError(error) : error
  return DatabaseError.isDatabaseError(cause) && ["LockNotAvailable", "DeadlockDetected"].includes(cause.reason._tag)
}
