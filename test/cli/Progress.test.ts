/** What a run that takes long shows where no terminal looks on: it is seen to go on, and not too often. */
import { assert, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Sink, Stdio } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { TestClock } from "effect/testing"
import { Reply } from "../../src/cli/internal/answer.ts"
import { Json } from "../../src/cli/internal/flags.ts"
import { withProgress } from "../../src/cli/internal/progress.ts"

const step = {
  namespace: "app",
  id: "1",
  name: "slow",
  file: "1_slow.up.sql",
  direction: "up",
  number: 1,
  of: 2
} as const

it.effect(
  "A migration that runs for long is told of every thirty seconds in a log, and the statement that it is at",
  () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const stdio = Stdio.layerTest({
        stderr: () => Sink.forEach((text: string | Uint8Array) => Effect.sync(() => void lines.push(String(text)))),
        stderrIsTerminal: Effect.succeed(false)
      })
      const begun = yield* Deferred.make<void>()
      const run = withProgress((progress) =>
        Effect.gen(function* () {
          yield* progress({ ...step, _tag: "Started", statements: 0 })
          yield* Deferred.succeed(begun, undefined)
          yield* Effect.sleep("40 seconds")
          yield* progress({
            ...step,
            _tag: "StatementFinished",
            statement: 1,
            statements: 3,
            duration: Duration.seconds(40)
          })
          yield* Effect.sleep("30 seconds")
        })
      )
      const running = yield* run.pipe(
        Effect.provide(stdio),
        Effect.provideServiceEffect(Reply, Reply.make),
        Effect.provideService(Json, false),
        Effect.provideService(TerminalCapabilities.TerminalCapabilities, {
          canColor: false,
          canAnimate: false,
          canPrompt: false
        }),
        Effect.forkChild
      )
      yield* Deferred.await(begun)
      for (let second = 0; second < 71; second++) yield* TestClock.adjust("1 second")
      yield* Fiber.join(running)
      assert.deepStrictEqual(lines, [
        "applying 1 of 2: 1_slow.up.sql (app)\n",
        "applying 1 of 2: 1_slow.up.sql (app), 30.0 s\n",
        "applying 1 of 2: 1_slow.up.sql (app), statement 2 of 3, 1 min 0 s\n"
      ])
    })
)
