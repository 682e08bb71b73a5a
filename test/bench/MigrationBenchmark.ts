/**
 * Migrators next to each other, each in this process and connecting by itself:
 *
 * - 1,000 migrations of one table each, on an empty database. psql runs the same
 *   files in one process, each in a transaction, and records nothing.
 * - Nothing to do, because all of them are applied. The bare loop connects, asks
 *   `SELECT 1`, and reads and hashes the same files one after the other: what
 *   nobody can do without who looks for edits.
 *
 * The server is as durable as one of consequence. Whoever comes first changes with
 * every round, and ratios are taken within a round.
 */
import { Context, Effect, FileSystem, Layer, Redacted } from "effect"
import type { Scope } from "effect"
import { NodeServices } from "@effect/platform-node"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { hasPsql } from "../support/hasPsql.ts"
import { type Folders, writeFolders } from "./migrators/files.ts"
import * as migrators from "./migrators/peers.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { median } from "./support/median.ts"

interface Peer {
  readonly name: string
  readonly against: string
  readonly run: migrators.Run
  readonly target?: Figure["target"]
}

const others: ReadonlyArray<Peer> = [
  {
    name: "PgMigrator",
    against: "PgMigrator of @effect/sql-pg, all in one transaction, without any check",
    run: migrators.effectSql
  },
  { name: "node-pg-migrate", against: "node-pg-migrate", run: migrators.nodePgMigrate },
  { name: "drizzle", against: "drizzle-orm's migrator, all in one transaction", run: migrators.drizzleOrm },
  { name: "kysely", against: "kysely's migrator, all in one transaction", run: migrators.kysely }
]

const psql: Peer = {
  name: "psql",
  against: "psql, one process, a transaction for each file",
  run: migrators.psql,
  target: { atMost: 1.1 }
}

const bareLoop: Peer = {
  name: "a bare loop",
  against: "connecting, SELECT 1, and reading and hashing the files in a loop",
  run: migrators.bareLoop,
  target: { atMost: 1.5 }
}

const ours: Peer = { name: "pgkeel", against: "", run: migrators.pgkeel }

const millis = (run: migrators.Run, url: Redacted.Redacted, folders: Folders) =>
  Effect.promise(async () => {
    const start = performance.now()
    await run(Redacted.value(url), folders)
    return performance.now() - start
  })

type Database = Effect.Effect<TestDatabase["Service"], unknown, EmbeddedPostgres | Scope.Scope>

const freshDatabase: Database = Effect.map(Layer.build(Layer.fresh(TestDatabase.layer())), (context) =>
  Context.get(context, TestDatabase)
)

/** One figure for each peer. `databaseOf` gives each side its database, in every round. */
const compare = Effect.fnUntraced(function* (
  name: string,
  peers: ReadonlyArray<Peer>,
  rounds: number,
  folders: Folders,
  databaseOf: (peer: Peer) => Database
) {
  const sides = [ours, ...peers]
  const turn = (peer: Peer) =>
    Effect.scoped(Effect.flatMap(databaseOf(peer), ({ url }) => millis(peer.run, url, folders)))
  yield* Effect.forEach(sides, turn)
  const times: Array<Map<Peer, number>> = []
  for (let round = 0; round < rounds; round++) {
    const found = new Map<Peer, number>()
    for (const peer of round % 2 === 0 ? sides : sides.toReversed()) found.set(peer, yield* turn(peer))
    times.push(found)
  }
  return peers.map((peer): Figure => {
    const of = (side: Peer) => times.map((round) => round.get(side) ?? Number.NaN)
    const [mine, theirs] = [of(ours), of(peer)]
    return {
      name: `${name}, next to ${peer.name}`,
      ratio: median(mine.map((value, round) => value / (theirs[round] ?? Number.NaN))),
      against: peer.against,
      ours: median(mine),
      theirs: median(theirs),
      unit: "milliseconds (lower is better)",
      ...(peer.target && { target: peer.target })
    }
  })
})

const folderOf = Effect.fnUntraced(function* (count: number) {
  const fs = yield* FileSystem.FileSystem
  const parent = yield* fs.makeTempDirectoryScoped({ prefix: "pgkeel-bench-" })
  return yield* Effect.promise(() => writeFolders(parent, count))
})

const running = Effect.fnUntraced(function* (count: number, rounds: number) {
  const folders = yield* folderOf(count)
  const peers = hasPsql ? [psql, ...others] : others
  return yield* compare(`${count} migrations`, peers, rounds, folders, () => freshDatabase)
})

/** Everything is applied: by running it where there are peers, and otherwise by a baseline, which is as good. */
const nothingToDo = Effect.fnUntraced(function* (count: number, rounds: number, peers: ReadonlyArray<Peer>) {
  const folders = yield* folderOf(count)
  const databases = new Map<Peer, TestDatabase["Service"]>()
  for (const peer of [ours, ...peers]) {
    const database = yield* freshDatabase
    databases.set(peer, database)
    if (peer === ours) {
      yield* Effect.promise(() => migrators.baseline(Redacted.value(database.url), folders))
    } else if (peer !== bareLoop) {
      yield* millis(peer.run, database.url, folders)
    }
  }
  const databaseOf = (peer: Peer): Database => Effect.suspend(() => Effect.fromNullishOr(databases.get(peer)))
  return yield* compare(
    `nothing to do of ${count}`,
    [bareLoop, ...others].filter((peer) => databases.has(peer)),
    rounds,
    folders,
    databaseOf
  )
})

const measure = (quick: boolean) =>
  Effect.gen(function* () {
    const few = quick ? 20 : 1000
    const run = yield* running(few, quick ? 1 : 3)
    const idle = yield* nothingToDo(few, quick ? 2 : 20, [bareLoop, ...others])
    const large = yield* nothingToDo(quick ? 50 : 10_000, quick ? 2 : 10, [bareLoop])
    return [...run, ...idle, ...large]
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.merge(
        EmbeddedPostgres.layer({ settings: { fsync: "on", synchronous_commit: "on", full_page_writes: "on" } }),
        NodeServices.layer
      )
    )
  )

export const migrating: Benchmark = { name: "migrations", run: ({ quick }) => measure(quick) }
