/**
 * `npm run soak`: every statement of every session sees its own actor and tenant,
 * however sessions around it fail, time out and are interrupted.
 *
 * It starts a server of its own.
 */
import { Console, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { randomInt } from "node:crypto"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import * as Program from "../support/program.ts"
import { Ledger } from "./Ledger.ts"
import { counts, passed, summary } from "./report.ts"
import { run } from "./Run.ts"

const flags = {
  sessions: Program.count("sessions", "How many", 100_000),
  seed: Program.seed("Of what they do", () => randomInt(2 ** 31)),
  json: Program.json(
    `{"sessions", "committed", "rolledBack", "interrupted", "mismatches", "leakedConnections", "residentBytesStart", "residentBytesEnd"}`
  )
}

const progress = (ledger: Ledger, sessions: number) =>
  Effect.suspend(() => Console.error(`${ledger.ended} of ${sessions} sessions`)).pipe(
    Effect.delay("10 seconds"),
    Effect.forever
  )

const soak = Command.make(
  "npm run soak --",
  flags,
  Effect.fnUntraced(
    function* ({ json, ...options }) {
      const ledger = new Ledger()
      const result = yield* Effect.raceFirst(run(options, ledger), progress(ledger, options.sessions))
      yield* Console.log(summary(result, options))
      yield* Program.writeJson(json, counts(result))
      if (!passed(result)) process.exitCode = 1
    },
    Effect.provide(TestDatabase.layer().pipe(Layer.provideMerge(EmbeddedPostgres.layer())))
  )
).pipe(
  Command.withDescription(
    "Sessions that fail, time out and are interrupted. Ends with 0 when no statement saw another's context and nothing is left over."
  )
)

Program.main(soak)
