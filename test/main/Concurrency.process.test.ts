import { assert, it } from "@effect/vitest"
import { Effect, Queue, Redacted, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { app, noteTable, onFreshDatabase, operator, run, startHere } from "./support.ts"

const fresh = onFreshDatabase(freshDatabase())

const application = fileURLToPath(new URL("fixtures/application.ts", import.meta.url))

const decodeApplied = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ applied: Schema.Array(Schema.String) }))
)

/** A process that starts on each database that it is told, and says which migrations it applied there. */
const applicationProcess = Effect.gen(function* () {
  const lines = yield* Queue.unbounded<string>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [application], { stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  createInterface(child.stdout).on("line", (line) => Queue.offerUnsafe(lines, line))
  yield* Queue.take(lines)
  return (url: Redacted.Redacted) =>
    Effect.gen(function* () {
      child.stdin.write(`${Redacted.value(url)}\n`)
      return (yield* decodeApplied(yield* Queue.take(lines))).applied
    })
})

it.live(
  "Two processes that start on the same empty database at once both succeed, twenty times, and apply each migration once",
  () =>
    Effect.gen(function* () {
      const processes = yield* Effect.all([applicationProcess, applicationProcess], { concurrency: 2 })
      for (let turn = 0; turn < 20; turn++) {
        yield* fresh(
          Effect.gen(function* () {
            const { url } = yield* TestDatabase
            const applied = yield* Effect.all(
              processes.map((startOn) => startOn(url)),
              { concurrency: 2 }
            )
            assert.sameMembers(
              applied.flat(),
              [...ownMigrations.map(({ id }) => `pgkeel/${id}`), "app/1", "app/2"],
              `turn ${turn}`
            )
            assert.deepStrictEqual(yield* operator("SELECT id, body FROM note"), [{ id: 1, body: "once" }])
          })
        )
      }
    }).pipe(Effect.scoped),
  180_000
)

it.live(
  "Many starts at once in one process need one connection each, and one to migrate",
  () =>
    fresh(
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        const options = { migrator: url, migrations: app(noteTable), maxConnections: 1 }
        const statuses = yield* Effect.forEach(
          Array.from({ length: 8 }),
          () =>
            run(
              url,
              options,
              Effect.flatMap(ConnectionManager, ({ poolStatus }) => poolStatus)
            ),
          { concurrency: "unbounded" }
        )
        for (const status of statuses) assert.deepInclude(status, { inUse: 0, waiting: 0, timedOut: 0, max: 1 })
        assert.deepStrictEqual((yield* startHere(options)).initialization.applied, [])
      })
    ),
  180_000
)
