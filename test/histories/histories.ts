/**
 * `npm run histories -- DIR...`: histories of migrations as projects have them, each up, all the way down and up again,
 * with the schema equal to what psql makes of the same files. Prints a line for each, and what differs.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer, References } from "effect"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { follow } from "./history.ts"

const said = (part: "equal" | "absent" | ReadonlyArray<string> | undefined): string =>
  part === undefined || typeof part === "string" ? String(part) : `different:\n${part.join("\n")}`

const one = Effect.fnUntraced(
  function* (directory: string) {
    const { again, applied, psql, reverted, stopped } = yield* follow(directory, TestDatabase.layer())
    yield* Console.log(`${directory}: ${applied} applied; psql ${said(psql)}`)
    yield* Console.log(
      `  ${reverted} reverted${stopped === undefined ? "" : `, then: ${stopped}`}; again ${said(again)}`
    )
    if (psql !== "equal" || again !== "equal") process.exitCode = 1
  },
  (effect, directory) =>
    Effect.catchCause(effect, (cause) =>
      Effect.andThen(
        Console.log(`${directory}: ${cause}`),
        Effect.sync(() => (process.exitCode = 1))
      )
    )
)

const main = Effect.forEach(process.argv.slice(2), one, { discard: true }).pipe(
  Effect.provide(Layer.mergeAll(EmbeddedPostgres.layer({ settings: { fsync: "off" } }), NodeServices.layer)),
  Effect.provideService(References.MinimumLogLevel, "Error")
)

NodeRuntime.runMain(main)
