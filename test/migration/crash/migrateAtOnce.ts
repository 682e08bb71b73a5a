/**
 * `npm run migrate-at-once`: 20 processes migrate one database at the same moment,
 * 50 times an empty one and 50 times one with half the history.
 *
 *     npm run migrate-at-once -- [--processes N] [--rounds N] [--json FILE]
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { EmbeddedPostgres } from "../../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../../src/testing/TestDatabase.ts"
import { crowd } from "./Crowd.ts"

const { values } = parseArgs({
  options: {
    processes: { type: "string", default: "20" },
    rounds: { type: "string", default: "50" },
    json: { type: "string" }
  }
})

const main = Effect.gen(function* () {
  const [processes, rounds] = [Number(values.processes), Number(values.rounds)]
  const finished = (round: number) => (round % 5 === 0 ? Console.error(`${round} of ${rounds} rounds`) : Effect.void)
  const problems = yield* crowd(TestDatabase.layer(), { processes, rounds, finished })
  yield* Effect.forEach(problems, (problem) => Console.error(problem), { discard: true })
  yield* Console.log(`${processes} processes at once, ${2 * rounds} times: ${problems.length} problems`)
  const { json } = values
  const result = { processes, rounds: 2 * rounds, problems }
  if (json !== undefined) yield* Effect.tryPromise(() => writeFile(json, `${JSON.stringify(result, undefined, 2)}\n`))
  if (problems.length > 0) process.exitCode = 1
}).pipe(Effect.provide(EmbeddedPostgres.layer({ settings: { fsync: "off" } })))

NodeRuntime.runMain(main)
