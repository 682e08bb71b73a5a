import { assert, describe } from "@effect/vitest"
import { Effect, Exit, Logger, References, Tracer } from "effect"
import { directory, migratorOf, test } from "./support.ts"

/** The spans of an effect that are about migrations, and the lines that it logs, with what is beside them. */
const observed = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const spans: Array<Tracer.NativeSpan> = []
  const lines: Array<readonly [message: string, annotations: Readonly<Record<string, unknown>>]> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      if (options.name.startsWith("Migrator.")) spans.push(span)
      return span
    }
  })
  const logger = Logger.make<unknown, void>(({ fiber, message }) => {
    lines.push([String(message), fiber.getRef(References.CurrentLogAnnotations)])
  })
  const exit = yield* Effect.exit(effect).pipe(
    Effect.withTracer(tracer),
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "Info")
  )
  return { exit, spans, lines }
})

describe("What is seen of a run", () => {
  test("is a span for the call, one in it for each migration, and a line of the log for each that is done", () =>
    Effect.gen(function* () {
      const path = yield* directory({
        "1_a.up.sql": "CREATE TABLE a ()",
        "1_a.down.sql": "DROP TABLE a",
        "2_b.up.sql": "-- pgkeel:no-transaction\nSELECT 1",
        "3_c.up.sql": "SELECT 1/0"
      })
      const migrator = yield* migratorOf(path)
      const up = yield* observed(migrator.up())
      assert.isTrue(Exit.isFailure(up.exit))
      const [call, ...each] = up.spans
      assert.strictEqual(call?.name, "Migrator.up")
      assert.deepStrictEqual(
        each.map(({ attributes, name }) => [name, attributes.get("file"), attributes.get("id")]),
        ["1_a.up.sql", "2_b.up.sql", "3_c.up.sql"].map((file) => ["Migrator.up.migration", file, file[0]])
      )
      for (const { parent } of each) assert.strictEqual(parent?._tag === "Some" && parent.value.spanId, call?.spanId)
      const ended = each.map(({ status }) => status._tag === "Ended" && Exit.isSuccess(status.exit))
      assert.deepStrictEqual(ended, [true, true, false])
      assert.deepStrictEqual(
        up.lines.map(([message, { id, namespace }]) => [message, namespace, id]),
        [
          ["applied migration 1_a.up.sql", "app", "1"],
          ["applied migration 2_b.up.sql", "app", "2"]
        ]
      )
      for (const [, { durationMillis }] of up.lines) assert.isAbove(Number(durationMillis), 0)
    }))

  test("is the way down, too, and nothing is logged where there is nothing to do", () =>
    Effect.gen(function* () {
      const migrator = yield* migratorOf(
        yield* directory({ "1_a.up.sql": "CREATE TABLE a ()", "1_a.down.sql": "DROP TABLE a" })
      )
      yield* migrator.up()
      const again = yield* observed(migrator.up())
      assert.deepStrictEqual([again.lines.length, again.spans.map(({ name }) => name)], [0, ["Migrator.up"]])
      const { lines, spans } = yield* observed(migrator.down({ steps: 1 }))
      assert.deepStrictEqual(
        [lines.map(([message]) => message), spans.map(({ name }) => name)],
        [["reverted migration 1_a.down.sql"], ["Migrator.down", "Migrator.down.migration"]]
      )
    }))
})
