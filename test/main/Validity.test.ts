/** Constraints and indexes that are not valid, and what a start makes of them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { StartStep } from "../../src/MainLive.ts"
import { TestDatabase } from "../support/Database.ts"
import { onStarted } from "./started.ts"
import { operator, start, startHere } from "./support.ts"

const empty = onStarted("empty", [])

const stepOf = (steps: ReadonlyArray<StartStep>, name: StartStep["name"]) => steps.find((step) => step.name === name)

/** A unique index that rows broke when it was built, and rows that do not break it any more. */
const invalidIndex = Effect.gen(function* () {
  yield* operator("CREATE TABLE item (name text)")
  yield* operator("INSERT INTO item VALUES ('twice'), ('twice')")
  yield* Effect.flip(operator("CREATE UNIQUE INDEX CONCURRENTLY item_name ON item (name)"))
  yield* operator("DELETE FROM item")
})

const indexes = operator(
  "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid = 'item'::regclass"
)

it.live(
  "Constraints that were NOT VALID are validated, and those that rows break are told and do not stop the start",
  () =>
    empty(
      Effect.gen(function* () {
        const { url } = yield* TestDatabase
        yield* operator("CREATE TABLE item (price int)")
        yield* operator("INSERT INTO item VALUES (-1)")
        yield* operator(
          "ALTER TABLE item ADD CONSTRAINT broken CHECK (price > 0) NOT VALID, ADD CONSTRAINT held CHECK (price < 9) NOT VALID"
        )
        const { initialization: looked, steps: looking } = yield* start(url)
        assert.deepInclude(looked, { validated: [], unvalidated: ["public.item.broken", "public.item.held"] })
        assert.isFalse(stepOf(looking, "constraints")?.changed)
        const { initialization, steps } = yield* startHere()
        assert.deepInclude(initialization, { validated: ["public.item.held"], unvalidated: ["public.item.broken"] })
        assert.deepInclude(stepOf(steps, "constraints"), {
          changed: true,
          detail: "validated 1 constraint, not valid: public.item.broken"
        })
        assert.deepStrictEqual(yield* operator("SELECT convalidated FROM pg_constraint WHERE conname = 'held'"), [
          { convalidated: true }
        ])
      })
    )
)

it.live("An index that a failed CREATE INDEX CONCURRENTLY left behind is built again once nothing is in its way", () =>
  empty(
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      yield* operator("CREATE TABLE item (name text)")
      yield* operator("INSERT INTO item VALUES ('twice'), ('twice')")
      yield* Effect.flip(operator("CREATE UNIQUE INDEX CONCURRENTLY item_name ON item (name)"))
      const indexes = operator(
        "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid = 'item'::regclass"
      )
      const refused = yield* startHere()
      assert.deepInclude(refused.initialization, { rebuilt: [], invalidIndexes: ["public.item_name"] })
      assert.deepInclude(stepOf(refused.steps, "constraints"), {
        changed: false,
        detail: "1 invalid index: public.item_name"
      })
      assert.deepStrictEqual(yield* indexes, [{ name: "item_name", valid: false }], "the attempt has left nothing")
      yield* operator("DELETE FROM item")
      const looked = yield* start(url)
      assert.deepStrictEqual(looked.initialization.invalidIndexes, ["public.item_name"])
      const { initialization, steps } = yield* startHere()
      assert.deepInclude(initialization, { rebuilt: ["public.item_name"], invalidIndexes: [] })
      assert.deepInclude(stepOf(steps, "constraints"), { changed: true, detail: "built 1 index again" })
      assert.deepStrictEqual(yield* indexes, [{ name: "item_name", valid: true }])
    })
  )
)

it.live("Of several starts at once one validates and builds again what is not valid, and all find it so", () =>
  empty(
    Effect.gen(function* () {
      yield* invalidIndex
      yield* operator("ALTER TABLE item ADD CONSTRAINT named CHECK (name <> '') NOT VALID")
      const reports = yield* Effect.all(
        Array.from({ length: 4 }, () => startHere()),
        { concurrency: "unbounded" }
      )
      const all = reports.map(({ initialization }) => initialization)
      assert.deepStrictEqual(
        all.flatMap(({ rebuilt, validated }) => [...validated, ...rebuilt]),
        ["public.item.named", "public.item_name"]
      )
      for (const { invalidIndexes, unvalidated } of all) assert.deepStrictEqual([...invalidIndexes, ...unvalidated], [])
      assert.deepStrictEqual(yield* indexes, [{ name: "item_name", valid: true }])
    })
  )
)

it.live("An index of a table whose indexes somebody else changes right now is left to them, without waiting", () =>
  empty(
    Effect.gen(function* () {
      yield* invalidIndex
      const sql = yield* SqlClient.SqlClient
      const { initialization } = yield* sql.withTransaction(
        // What CREATE INDEX CONCURRENTLY holds while the index that it builds is not valid.
        Effect.andThen(sql`LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE`, startHere())
      )
      assert.deepInclude(initialization, { rebuilt: [], invalidIndexes: ["public.item_name"] })
      assert.isBelow(stepOf(initialization.steps, "constraints")?.durationMillis ?? Infinity, 5000)
      assert.deepStrictEqual((yield* startHere()).initialization.rebuilt, ["public.item_name"])
    }).pipe(Effect.provide(TestDatabase.layerClient))
  )
)
