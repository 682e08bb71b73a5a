/**
 * `npm run soak`: every statement of every session sees its own actor and tenant,
 * however sessions around it fail, time out and are interrupted.
 *
 *     npm run soak -- [--sessions N] [--seed S] [--json FILE]
 *
 * It starts a server of its own.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { randomInt } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { Ledger } from "./Ledger.ts"
import { json, passed, summary } from "./report.ts"
import { run } from "./Run.ts"

const usage = `npm run soak -- [--sessions N] [--seed S] [--json FILE]

  --sessions N  how many, 100000 unless given
  --seed S      of what they do; a random one unless given
  --json FILE   writes {"sessions", "committed", "rolledBack", "interrupted", "mismatches", "leakedConnections",
                "residentBytesStart", "residentBytesEnd"}

Ends with code 0 when no statement saw another's context and nothing is left over, and with 1 otherwise.`

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "100000" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    json: { type: "string" },
    help: { type: "boolean", default: false }
  }
})

const options = { sessions: Number(values.sessions), seed: Number(values.seed) }

const areUsable =
  Object.values(options).every((value) => Number.isSafeInteger(value) && value >= 0) && options.sessions > 0

const progress = (ledger: Ledger) =>
  Effect.suspend(() => Console.error(`${ledger.ended} of ${options.sessions} sessions`)).pipe(
    Effect.delay("10 seconds"),
    Effect.forever
  )

const main = Effect.gen(function* () {
  const ledger = new Ledger()
  const result = yield* Effect.raceFirst(run(options, ledger), progress(ledger))
  yield* Console.log(summary(result, options))
  const file = values.json
  if (file !== undefined) yield* Effect.tryPromise(() => writeFile(file, json(result)))
  if (!passed(result)) process.exitCode = 1
}).pipe(Effect.provide(TestDatabase.layer().pipe(Layer.provideMerge(EmbeddedPostgres.layer()))))

const misused = Effect.andThen(
  Console.error(usage),
  Effect.sync(() => void (process.exitCode = 2))
)

NodeRuntime.runMain(values.help ? Console.log(usage) : areUsable ? main : misused)
