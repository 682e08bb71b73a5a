/**
 * `npm run migrate-at-once`: 20 processes migrate one database at the same moment,
 * 50 times an empty one and 50 times one with half the history.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { EmbeddedPostgres } from "../../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../../src/testing/TestDatabase.ts"
import * as Program from "../../support/program.ts"
import { crowd } from "./Crowd.ts"

const flags = {
  processes: Program.count("processes", "How many at once", 20),
  rounds: Program.count("rounds", "How often on an empty database, and how often on one with half the history", 50),
  json: Program.json(`{"processes", "rounds", "problems"}`)
}

const migrateAtOnce = Command.make(
  "npm run migrate-at-once --",
  flags,
  Effect.fnUntraced(
    function* ({ json, processes, rounds }) {
      const finished = (round: number) =>
        round % 5 === 0 ? Console.error(`${round} of ${rounds} rounds`) : Effect.void
      const problems = yield* crowd(TestDatabase.layer(), { processes, rounds, finished })
      yield* Effect.forEach(problems, (problem) => Console.error(problem), { discard: true })
      yield* Console.log(`${processes} processes at once, ${2 * rounds} times: ${problems.length} problems`)
      yield* Program.writeJson(json, { processes, rounds: 2 * rounds, problems })
      if (problems.length > 0) process.exitCode = 1
    },
    Effect.provide(EmbeddedPostgres.layer({ settings: { fsync: "off" } }))
  )
).pipe(
  Command.withDescription("Processes that migrate one database at the same moment. Ends with 0 without a problem.")
)

Program.main(migrateAtOnce)
