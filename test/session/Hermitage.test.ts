/**
 * The anomalies of the public list "hermitage" (github.com/ept/hermitage), run as
 * sessions at each level, with what PostgreSQL promises there (manual, 13.2):
 * what is read, who is refused, and what is in the table at the end.
 *
 * The steps are taken one after the other. One that has to wait for another
 * session's lock is left alone once the server says that it waits.
 */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Queue } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { Isolation } from "../../src/session/Session.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { assertClean, connected } from "../support/Connected.ts"

type Who = "T1" | "T2" | "T3"

interface Step {
  readonly who: Who
  readonly what: "read" | "write" | "blockedWrite" | "commit" | "abort"
  readonly statement: string
}

const step = (what: Step["what"], who: Who, statement = ""): Step => ({ who, what, statement })

const read = (who: Who, where = "true") => step("read", who, `SELECT id, value FROM test WHERE ${where} ORDER BY id`)
const set = (id: number, value: number) => `UPDATE test SET value = ${value} WHERE id = ${id}`
const add = (id: number, value: number) => `INSERT INTO test (id, value) VALUES (${id}, ${value})`
const write = (who: Who, statement: string) => step("write", who, statement)
/** It waits for the lock of another session, whose next end lets it go on. */
const blockedWrite = (who: Who, statement: string) => step("blockedWrite", who, statement)
const commit = (who: Who) => step("commit", who)
const abort = (who: Who) => step("abort", who)

interface Outcome {
  /** What each read returned, as `id=value`, in the order of the steps. Steps of a session that was refused are not taken. */
  readonly reads: ReadonlyArray<string>
  /** The session that is refused by a `SerializationFailure`. */
  readonly refused?: Who
  /** The table at the end. */
  readonly end: string
}

interface Anomaly {
  readonly name: string
  readonly steps: ReadonlyArray<Step>
  readonly outcomes: Readonly<Record<Isolation, Outcome>>
}

/** In the order of the levels: read committed, repeatable read, serializable. */
const outcomes = (committed: Outcome, repeatable: Outcome, serializable: Outcome): Anomaly["outcomes"] => ({
  "read committed": committed,
  "repeatable read": repeatable,
  serializable
})

const everywhere = (outcome: Outcome) => outcomes(outcome, outcome, outcome)

/** One outcome under read committed, another where a transaction reads one snapshot. */
const bySnapshot = (committed: Outcome, snapshot: Outcome) => outcomes(committed, snapshot, snapshot)

/** Repeatable read is snapshot isolation, which lets through what only serializable finds. */
const bySerializing = (weaker: Outcome, serializable: Outcome) => outcomes(weaker, weaker, serializable)

const both = "1=10 2=20"

const anomalies: ReadonlyArray<Anomaly> = [
  {
    name: "G0, dirty write: writes of two transactions never interleave",
    steps: [
      write("T1", set(1, 11)),
      blockedWrite("T2", set(1, 12)),
      write("T1", set(2, 21)),
      commit("T1"),
      write("T2", set(2, 22)),
      commit("T2")
    ],
    outcomes: bySnapshot({ reads: [], end: "1=12 2=22" }, { reads: [], refused: "T2", end: "1=11 2=21" })
  },
  {
    name: "G1a, dirty read of what is aborted: never seen",
    steps: [write("T1", set(1, 101)), read("T2"), abort("T1"), read("T2"), commit("T2")],
    outcomes: everywhere({ reads: [both, both], end: both })
  },
  {
    name: "G1b, intermediate read: what is overwritten before the commit is never seen",
    steps: [write("T1", set(1, 101)), read("T2"), write("T1", set(1, 11)), commit("T1"), read("T2"), commit("T2")],
    outcomes: bySnapshot({ reads: [both, "1=11 2=20"], end: "1=11 2=20" }, { reads: [both, both], end: "1=11 2=20" })
  },
  {
    name: "G1c, circular information flow: neither sees what the other writes",
    steps: [
      write("T1", set(1, 11)),
      write("T2", set(2, 22)),
      read("T1", "id = 2"),
      read("T2", "id = 1"),
      commit("T1"),
      commit("T2")
    ],
    outcomes: bySerializing(
      { reads: ["2=20", "1=10"], end: "1=11 2=22" },
      { reads: ["2=20", "1=10"], refused: "T2", end: "1=11 2=20" }
    )
  },
  {
    name: "OTV, observed transaction vanishes: what was seen of a commit is not unseen",
    steps: [
      write("T1", set(1, 11)),
      write("T1", set(2, 19)),
      blockedWrite("T2", set(1, 12)),
      commit("T1"),
      read("T3", "id = 1"),
      write("T2", set(2, 18)),
      read("T3", "id = 2"),
      commit("T2"),
      read("T3", "id = 2"),
      read("T3", "id = 1"),
      commit("T3")
    ],
    outcomes: bySnapshot(
      { reads: ["1=11", "2=19", "2=18", "1=12"], end: "1=12 2=18" },
      { reads: ["1=11", "2=19", "2=19", "1=11"], refused: "T2", end: "1=11 2=19" }
    )
  },
  {
    name: "PMP, predicate-many-preceders: rows that appear under a condition that was read",
    steps: [read("T1", "value = 30"), write("T2", add(3, 30)), commit("T2"), read("T1", "value % 3 = 0"), commit("T1")],
    outcomes: bySnapshot({ reads: ["", "3=30"], end: "1=10 2=20 3=30" }, { reads: ["", ""], end: "1=10 2=20 3=30" })
  },
  {
    name: "PMP, for a write: rows that come under the condition of a DELETE while it waits",
    steps: [
      write("T1", "UPDATE test SET value = value + 10"),
      blockedWrite("T2", "DELETE FROM test WHERE value = 20"),
      commit("T1"),
      read("T2", "value = 20"),
      commit("T2")
    ],
    outcomes: bySnapshot({ reads: ["1=20"], end: "1=20 2=30" }, { reads: [], refused: "T2", end: "1=20 2=30" })
  },
  {
    name: "P4, lost update: what was read and written back",
    steps: [
      read("T1", "id = 1"),
      read("T2", "id = 1"),
      write("T1", set(1, 11)),
      blockedWrite("T2", set(1, 12)),
      commit("T1"),
      commit("T2")
    ],
    outcomes: bySnapshot(
      { reads: ["1=10", "1=10"], end: "1=12 2=20" },
      { reads: ["1=10", "1=10"], refused: "T2", end: "1=11 2=20" }
    )
  },
  {
    name: "G-single, read skew: one row from before a commit, another from after it",
    steps: [
      read("T1", "id = 1"),
      read("T2"),
      write("T2", set(1, 12)),
      write("T2", set(2, 18)),
      commit("T2"),
      read("T1", "id = 2"),
      commit("T1")
    ],
    outcomes: bySnapshot(
      { reads: ["1=10", both, "2=18"], end: "1=12 2=18" },
      { reads: ["1=10", both, "2=20"], end: "1=12 2=18" }
    )
  },
  {
    name: "G-single, by conditions: what is written under one is not read under another",
    steps: [
      read("T1", "value % 5 = 0"),
      write("T2", "UPDATE test SET value = 12 WHERE value = 10"),
      commit("T2"),
      read("T1", "value % 3 = 0"),
      commit("T1")
    ],
    outcomes: bySnapshot({ reads: [both, "1=12"], end: "1=12 2=20" }, { reads: [both, ""], end: "1=12 2=20" })
  },
  {
    name: "G-single, for a write: a DELETE by what was true before a commit",
    steps: [
      read("T1", "id = 1"),
      read("T2"),
      write("T2", set(1, 12)),
      write("T2", set(2, 18)),
      commit("T2"),
      write("T1", "DELETE FROM test WHERE value = 20"),
      commit("T1")
    ],
    outcomes: bySnapshot(
      { reads: ["1=10", both], end: "1=12 2=18" },
      { reads: ["1=10", both], refused: "T1", end: "1=12 2=18" }
    )
  },
  {
    name: "G2-item, write skew: each writes what the other has read",
    steps: [
      read("T1", "id IN (1, 2)"),
      read("T2", "id IN (1, 2)"),
      write("T1", set(1, 11)),
      write("T2", set(2, 21)),
      commit("T1"),
      commit("T2")
    ],
    outcomes: bySerializing(
      { reads: [both, both], end: "1=11 2=21" },
      { reads: [both, both], refused: "T2", end: "1=11 2=20" }
    )
  },
  {
    name: "G2, anti-dependency cycle: each adds what the other has looked for",
    steps: [
      read("T1", "value % 3 = 0"),
      read("T2", "value % 3 = 0"),
      write("T1", add(3, 30)),
      write("T2", add(4, 42)),
      commit("T1"),
      commit("T2")
    ],
    outcomes: bySerializing(
      { reads: ["", ""], end: "1=10 2=20 3=30 4=42" },
      { reads: ["", ""], refused: "T2", end: "1=10 2=20 3=30" }
    )
  },
  {
    name: "G2, with two edges: a reader in between makes a cycle of two writers",
    steps: [
      read("T1"),
      write("T2", "UPDATE test SET value = value + 5 WHERE id = 2"),
      commit("T2"),
      read("T3"),
      commit("T3"),
      write("T1", set(1, 0)),
      commit("T1")
    ],
    outcomes: bySerializing(
      { reads: [both, "1=10 2=25"], end: "1=0 2=25" },
      { reads: [both, "1=10 2=25"], refused: "T1", end: "1=10 2=25" }
    )
  }
]

interface Row {
  readonly id: number
  readonly value: number
}

const shown = (rows: ReadonlyArray<Row>): string => rows.map(({ id, value }) => `${id}=${value}`).join(" ")

/** Until the server says that the statement of this session waits for somebody's lock. */
const waits = Effect.fnUntraced(function* (who: Who) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    SELECT 1 FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND application_name = ${who}
      AND cardinality(pg_catalog.pg_blocking_pids(pid)) > 0
  `.pipe(Effect.repeat({ until: (rows) => rows.length === 1 }))
})

/** A session that does what it is told, step by step, and how it ended. */
const actor = Effect.fnUntraced(function* (who: Who, isolation: Isolation) {
  const sql = yield* SqlClient.SqlClient
  const { createSession } = yield* SessionFactory
  const orders = yield* Queue.unbounded<readonly [step: Step, done: Deferred.Deferred<string>]>()
  const session = yield* createSession({ name: who, isolation, retry: false })
  let refused: string | undefined

  const take: Effect.Effect<void, unknown> = Effect.gen(function* () {
    const [{ statement, what }, done] = yield* Queue.take(orders)
    if (what === "commit") return
    if (what === "abort") return yield* Effect.fail("aborted" as const)
    const rows = yield* sql.unsafe<Row>(statement)
    yield* Deferred.succeed(done, shown(rows))
    return yield* take
  })
  const ended = yield* Effect.forkChild(
    Effect.exit(session.run(take)).pipe(
      Effect.tap((exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) return
          const error = exit.cause.reasons[0]
          const failure = error?._tag === "Fail" ? error.error : error
          if (failure !== "aborted")
            refused = DatabaseError.isDatabaseError(failure) ? failure.reason._tag : String(failure)
        })
      )
    )
  )

  /** Hands over a step, and waits until it is done or the session has ended. */
  const tell = Effect.fnUntraced(function* (next: Step) {
    const done = yield* Deferred.make<string>()
    yield* Queue.offer(orders, [next, done])
    const answer = Effect.raceFirst(Deferred.await(done), Effect.as(Fiber.await(ended), undefined))
    return yield* Effect.forkChild(answer, { startImmediately: true })
  })
  return { tell, refusal: () => refused, hasEnded: () => ended.pollUnsafe() !== undefined }
})

type Actor = Effect.Success<ReturnType<typeof actor>>

/** Takes the steps at one level, and tells what came of them. */
const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, isolation: Isolation) {
  const actors = new Map<Who, Actor>()
  const reads: Array<string> = []
  let blocked: Fiber.Fiber<string | undefined> | undefined
  for (const next of steps) {
    const { what, who } = next
    const one = actors.get(who) ?? (yield* actor(who, isolation))
    actors.set(who, one)
    if (one.hasEnded()) continue
    const answer = yield* one.tell(next)
    if (what === "blockedWrite") {
      blocked = answer
      yield* waits(who)
      continue
    }
    const seen = yield* Fiber.join(answer)
    if (what === "read" && seen !== undefined) reads.push(seen)
    if ((what === "commit" || what === "abort") && blocked !== undefined) {
      yield* Fiber.join(blocked)
      blocked = undefined
    }
  }
  const refusals = Array.from(actors, ([who, one]) => [who, one.refusal()] as const)
  return { reads, refusals: refusals.filter(([, reason]) => reason !== undefined) }
}, Effect.scoped)

const levels: ReadonlyArray<Isolation> = ["read committed", "repeatable read", "serializable"]

layer(connected({ maxConnections: 5 }), { excludeTestServices: true })("At isolation level", (it) => {
  for (const isolation of levels) {
    for (const { name, outcomes, steps } of anomalies) {
      it.effect(`${isolation}: ${name}`, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`CREATE TABLE IF NOT EXISTS test (id int PRIMARY KEY, value int)`
          yield* sql`TRUNCATE test`
          yield* sql`INSERT INTO test (id, value) VALUES (1, 10), (2, 20)`
          const { reads, refusals } = yield* play(steps, isolation)
          const end = shown(yield* sql<Row>`SELECT id, value FROM test ORDER BY id`)
          const { refused, ...expected } = outcomes[isolation]
          assert.deepStrictEqual({ reads, end }, { reads: expected.reads, end: expected.end })
          assert.deepStrictEqual(refusals, refused === undefined ? [] : [[refused, "SerializationFailure"]])
          yield* assertClean
        })
      )
    }
  }
})
