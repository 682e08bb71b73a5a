/**
 * `npm run crash-sweep`: a migrating process is killed at every statement that it
 * sends, and the next run ends in the schema and history of an undisturbed one.
 *
 *     npm run crash-sweep -- [--every N | --point DIRECTION:STATEMENT:MOMENT ...] [--concurrency N] [--json FILE]
 *
 * `--point` tries one again that has diverged. `--json` writes `{points, converged, diverged}`, three numbers.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { EmbeddedPostgres } from "../../../src/testing/EmbeddedPostgres.ts"
import { TestDatabase } from "../../../src/testing/TestDatabase.ts"
import { type Diverged, type Point, sweep } from "./Sweep.ts"

const { values } = parseArgs({
  options: {
    every: { type: "string", default: "1" },
    point: { type: "string", multiple: true },
    concurrency: { type: "string", default: "3" },
    json: { type: "string" }
  }
})

const tried = (done: number, of: number) => (done % 20 === 0 ? Console.error(`${done} of ${of} points`) : Effect.void)

const every = Number(values.every)

const nameOf = ({ direction, moment, statement }: Point): string => `${direction}:${statement}:${moment}`

const diverged = (point: Diverged) =>
  Console.error(`killed at ${nameOf(point)}:\n${difference(point.expected, point.found)}`)

const main = Effect.gen(function* () {
  const result = yield* sweep(TestDatabase.layer, {
    choose: (points) => points.filter((point, index) => values.point?.includes(nameOf(point)) ?? index % every === 0),
    concurrency: Number(values.concurrency),
    tried,
    diverged
  })
  const counts = { ...result, diverged: result.diverged.length }
  yield* Console.log(`${counts.points} points, ${counts.converged} converged, ${counts.diverged} diverged`)
  const file = values.json
  if (file !== undefined) yield* Effect.tryPromise(() => writeFile(file, `${JSON.stringify(counts, undefined, 2)}\n`))
  if (counts.diverged > 0) process.exitCode = 1
}).pipe(Effect.provide(EmbeddedPostgres.layer({ settings: { fsync: "off" } })))

const difference = (expected: string, found: string): string => {
  const [left, right] = [expected.split("\n"), found.split("\n")]
  const lines = [
    ...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`)
  ]
  return lines.slice(0, 20).join("\n")
}

NodeRuntime.runMain(main)
