/**
 * Any tree of sessions, savepoints, failures and interruptions ends as the model
 * says, and leaves the rows that it says. A run that fails prints the smallest tree
 * that it has found, and the token that replays it.
 */
import { Arbitrary, Cause, Effect, Exit, Predicate } from "effect"
import { assert, layer } from "@effect/vitest"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as SqlState from "../../src/error/SqlState.ts"
import { SessionError } from "../../src/session/SessionError.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { assertClean, connected } from "../support/Connected.ts"
import { add, freshTable, items } from "../support/Items.ts"
import { Model, succeeded } from "./Model.ts"
import { has, trees } from "./Tree.ts"
import type { Node, Part } from "./Tree.ts"

type Run = Effect.Effect<void, unknown, SqlClient.SqlClient | SessionFactory>

const endings: Readonly<Record<Part["ending"], Run>> = {
  succeeds: Effect.void,
  fails: Effect.fail({ _tag: "Unwanted" }),
  interrupts: Effect.interrupt,
  violates: Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.asVoid(sql`SELECT 1 / 0`)),
  swallows: Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.ignore(sql`SELECT 1 / 0`))
}

/** Does what the node at this place says. */
const run = (node: Node, place: string): Run => {
  if (node._tag === "Write") return Effect.asVoid(add(place))
  const { ending, how, isCaught, parts, tenant } = node
  const all = Effect.forEach(parts, (child, at) => run(child, `${place}.${at}`), { discard: true })
  const body = Effect.andThen(all, endings[ending])
  const whole: Run =
    how === "bare"
      ? Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(body))
      : // What `mandatory` asks for is here or is missed, which is what it is to say.
        Effect.flatMap(
          SessionFactory,
          ({ withSession }) => withSession({ name: place, tenant, propagation: how })(body) as Run
        )
  return isCaught && place !== "0" ? Effect.asVoid(Effect.exit(whole)) : whole
}

const nameOf = (exit: Exit.Exit<void, unknown>): string => {
  if (Exit.isSuccess(exit)) return succeeded
  if (Cause.hasDies(exit.cause)) return `a defect: ${Cause.pretty(exit.cause)}`
  if (Cause.hasInterrupts(exit.cause)) return "interruption"
  const error = Cause.squash(exit.cause)
  if (error instanceof SessionError) return error.reason._tag
  if (DatabaseError.isDatabaseError(error)) {
    const { reason } = error
    const isAborted = "sqlState" in reason && reason.sqlState === SqlState.IN_FAILED_SQL_TRANSACTION
    return isAborted ? "FailedTransaction" : reason._tag
  }
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : String(error)
}

/** What the tree comes to, beside what the model says that it comes to. */
const compared = Effect.fnUntraced(function* (tree: Node) {
  const sql = yield* SqlClient.SqlClient
  const model = new Model()
  const expected = model.run(tree, "0")
  yield* sql`DELETE FROM item`
  const outcome = nameOf(yield* Effect.exit(DatabaseError.refine(run(tree, "0"))))
  const found = yield* items
  return [
    { outcome, rows: found },
    { outcome: expected, rows: Array.from(model.rows).sort() }
  ] as const
})

const isAsExpected = (tree: Node) =>
  Effect.map(compared(tree), (both) => {
    assert.deepStrictEqual(...both)
    return true
  })

const runs = 60

/** What dies or hangs is a counterexample to be shrunk like any other. */
const holds = <R>(arbitrary: Arbitrary.Arbitrary<Part>, property: (tree: Part) => Effect.Effect<boolean, unknown, R>) =>
  Arbitrary.checkEffect(
    arbitrary,
    (tree) =>
      Effect.sandbox(property(tree)).pipe(
        Effect.mapError((cause) => Cause.pretty(cause)),
        Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.fail("it hangs") })
      ),
    { runs }
  ).pipe(Effect.map((result) => assert.isUndefined(Arbitrary.formatCheckFailure(result))))

layer(connected({ maxConnections: 8 }), { excludeTestServices: true })("Any tree of sessions", (it) => {
  it.effect("ends as the model says, leaves the rows that it says, and a clean pool", () =>
    Effect.gen(function* () {
      yield* freshTable
      yield* holds(trees, (tree) => Effect.tap(isAsExpected(tree), assertClean))
    })
  )

  it.effect("ends well when a savepoint that holds a failed part could not be kept, since both are undone", () =>
    Effect.gen(function* () {
      yield* freshTable
      const part = { _tag: "Part", tenant: undefined, ending: "succeeds", isCaught: true } as const
      const failed: Part = { ...part, how: "required", parts: [{ _tag: "Write" }], ending: "violates" }
      const savepoint: Part = { ...part, how: "bare", parts: [failed] }
      const tree: Part = { ...part, how: "required", parts: [{ _tag: "Write" }, savepoint] }
      const [found, expected] = yield* compared(tree)
      assert.deepStrictEqual(found, { outcome: succeeded, rows: ["0.0"] })
      assert.deepStrictEqual(expected, found)
    })
  )

  it.effect("does the same in a sandbox, where it needs no second connection", () =>
    Effect.gen(function* () {
      yield* freshTable
      const within = Arbitrary.filter(trees, (tree) => !has(tree, ["requires-new", "not-supported"]))
      yield* holds(within, (tree) => TestDatabase.sandbox(isAsExpected(tree)))
      assert.deepStrictEqual(yield* items, [])
      yield* assertClean
    })
  )
})
