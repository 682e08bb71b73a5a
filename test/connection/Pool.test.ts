/** What the settings of the pool do to its connections. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { readFileSync } from "node:fs"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { connected } from "../support/Connected.ts"

const pid = Effect.flatMap(SqlClient.SqlClient, (sql) => sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`).pipe(
  Effect.map(([row]) => row?.pid)
)

const untilTotal = (expected: number) =>
  Effect.gen(function* () {
    const { poolStatus } = yield* ConnectionManager
    while ((yield* poolStatus).total !== expected) yield* Effect.sleep("5 millis")
  })

it.live("A pool opens its smallest number of connections by itself, and keeps these when all are idle", () =>
  Effect.gen(function* () {
    const { connect } = yield* ConnectionManager
    yield* connect
    yield* untilTotal(2)
    const busy = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT pg_sleep(0.3)`)
    const four = yield* Effect.forkChild(Effect.all([busy, busy, busy, busy], { concurrency: 4 }))
    yield* untilTotal(4)
    yield* Fiber.join(four)
    yield* untilTotal(2)
  }).pipe(Effect.provide(connected({ minConnections: 2, maxConnections: 4, idleTimeout: "100 millis" })))
)

it.live("A connection is replaced when its lifetime is over", () =>
  Effect.gen(function* () {
    const first = yield* pid
    while ((yield* pid) === first) yield* Effect.sleep("20 millis")
  }).pipe(Effect.provide(connected({ maxConnections: 1, maxLifetime: "200 millis" })))
)

it.live("A silent line is probed by the system, from when the settings say", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ port: number }>`
      SELECT client_port AS port FROM pg_stat_activity WHERE pid = pg_backend_pid()`
    const local = (row?.port ?? 0).toString(16).toUpperCase().padStart(4, "0")
    // The local address, and of the timer: which it is, and in how many hundredths of a second it ends (man 5 proc).
    const lines = readFileSync("/proc/net/tcp", "utf8").matchAll(/^ *\d+: \w+:(\w+) \w+:\w+ 01 \w+:\w+ (\w+):(\w+)/gmu)
    const [, , kind, left = ""] = [...lines].find(([, port]) => port === local) ?? []
    const keepAliveTimer = "02"
    assert.strictEqual(kind, keepAliveTimer)
    assert.isBelow(Number.parseInt(left, 16), 5_100)
    assert.isAbove(Number.parseInt(left, 16), 3_000)
  }).pipe(Effect.provide(connected({ maxConnections: 1, keepAlive: "50 seconds" })))
)
