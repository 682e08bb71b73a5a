/**
 * `npm run crash-sweep`: a migrating process is killed at every statement that it
 * sends, and the next run ends in the schema and history of an undisturbed one.
 */
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { EmbeddedPostgres } from "../../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../../src/testing/TestDatabase.ts"
import * as Program from "../../support/program.ts"
import { type Diverged, type Point, sweep } from "./Sweep.ts"

const flags = {
  every: Program.count("every", "Tries one point of so many", 1),
  point: Flag.String("point").pipe(
    Flag.withMetavar("DIRECTION:STATEMENT:MOMENT"),
    Flag.withDescription("Tries only this one, as it is told where it has diverged; may be repeated"),
    Flag.atLeast(0)
  ),
  concurrency: Program.count("concurrency", "How many at a time", 3),
  json: Program.json(`{"points", "converged", "diverged"}, three numbers`)
}

const tried = (done: number, of: number) => (done % 20 === 0 ? Console.error(`${done} of ${of} points`) : Effect.void)

const nameOf = ({ direction, moment, statement }: Point): string => `${direction}:${statement}:${moment}`

const diverged = (point: Diverged) =>
  Console.error(`killed at ${nameOf(point)}:\n${difference(point.expected, point.found)}`)

const difference = (expected: string, found: string): string => {
  const [left, right] = [expected.split("\n"), found.split("\n")]
  const lines = [
    ...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`)
  ]
  return lines.slice(0, 20).join("\n")
}

const crashSweep = Command.make(
  "npm run crash-sweep --",
  flags,
  Effect.fnUntraced(
    function* ({ concurrency, every, json, point }) {
      const isChosen = (one: Point, index: number) =>
        point.length > 0 ? point.includes(nameOf(one)) : index % every === 0
      const result = yield* sweep(TestDatabase.layer, {
        choose: (points) => points.filter(isChosen),
        concurrency,
        tried,
        diverged
      })
      if (result.points === 0) return yield* Program.misused(`no point is called ${point.join(", ")}`)
      const counts = { ...result, diverged: result.diverged.length }
      yield* Console.log(`${counts.points} points, ${counts.converged} converged, ${counts.diverged} diverged`)
      yield* Program.writeJson(json, counts)
      if (counts.diverged > 0) process.exitCode = 1
    },
    Effect.provide(EmbeddedPostgres.layer({ settings: { fsync: "off" } }))
  )
).pipe(
  Command.withDescription(
    "Kills a migrating process at every statement, runs it again, and compares. Ends with 0 where nothing has diverged."
  )
)

Program.main(crashSweep)
