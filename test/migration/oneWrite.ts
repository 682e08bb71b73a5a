/** What tests of migrations share that go out several in one write. */
import { assert } from "@effect/vitest"
import { Effect, type Redacted, Schedule } from "effect"
import type { MigrationProgress } from "../../src/migration/MigrationProgress.ts"
import type { MigratorOptions } from "../../src/migration/Migrator.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { history, migratorOf, ownClient, reasonOf, scalar } from "./support.ts"

/** Everything in `path`, on the client that sends several migrations in one write, or on the one at `url`. */
export const up = Effect.fnUntraced(function* (
  path: string,
  options: Partial<MigratorOptions> = {},
  url?: Redacted.Redacted
) {
  const client = ownClient(url ?? (yield* TestDatabase).url)
  return yield* Effect.flatMap(migratorOf(path, options), (migrator) => migrator.up()).pipe(
    Effect.provide(client, { local: true })
  )
})

export const upReason = (path: string, options: Partial<MigratorOptions> = {}, url?: Redacted.Redacted) =>
  reasonOf(up(path, options, url))

export const states = Effect.map(history, (rows) => rows.map(({ id, state, statements }) => [id, state, statements]))

export const busyWith = (query: string) =>
  scalar(`SELECT count(*) = 1 FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '${query}%' AND state = 'active'`).pipe(
    Effect.flatMap((value) => (value === true ? Effect.void : Effect.fail("not yet"))),
    Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "20 seconds" })))
  )

/** What was told of each migration, by its id. */
export const recording = () => {
  const events: Array<string> = []
  const progress = (event: MigrationProgress) =>
    Effect.sync(() => {
      const statement = event._tag === "StatementFinished" ? ` ${event.statement}` : ""
      events.push(`${event.id} ${event._tag}${statement}`)
    })
  return { events, progress }
}

/** Takes `expected` out of what was told, when it is all there. */
export const told = (events: Array<string>, expected: ReadonlyArray<string>) =>
  Effect.suspend(() => (events.length < expected.length ? Effect.fail("not yet") : Effect.void)).pipe(
    Effect.retry(Schedule.spaced("10 millis").pipe(Schedule.upTo({ duration: "20 seconds" }))),
    Effect.map(() => assert.deepStrictEqual(events.splice(0), expected))
  )
