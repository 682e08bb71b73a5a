/**
 * `npm run bench`: what pgkeel costs next to the driver that it is built on.
 *
 * `--json` writes every figure as `{ name: { ratio, against, ours, theirs, unit } }`.
 * `ratio` is always ours over theirs; the unit says which way is better. It is
 * the median over many short rounds in which both sides follow each other, so
 * that it holds on a machine that is busy with other things; the absolute figures
 * do not. A missed promise is shown and fails nothing; only a crash does.
 */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import * as Program from "../support/program.ts"
import { benchmarks } from "./benchmarks.ts"
import { byName, table } from "./support/report.ts"

const flags = {
  only: Flag.Literals(
    "only",
    benchmarks.map(({ name }) => name)
  ).pipe(Flag.withMetavar("NAME"), Flag.optional, Flag.map(Option.getOrUndefined)),
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("A sign of life in seconds; its ratios mean little"),
    Flag.withDefault(false)
  ),
  json: Program.json(`every figure as {"name": {"ratio", "against", "ours", "theirs", "unit"}}`)
}

const bench = Command.make(
  "npm run bench --",
  flags,
  Effect.fnUntraced(function* ({ json, only, quick }) {
    const { url, version } = yield* EmbeddedPostgres
    yield* Console.log(`Node ${process.versions.node}, PostgreSQL ${version}\n`)
    const chosen = benchmarks.filter(({ name }) => only === undefined || name === only)
    const figures = (yield* Effect.forEach(chosen, ({ run }) => run({ url, quick }))).flat()
    yield* Console.log(table(figures))
    yield* Program.writeJson(json, byName(figures))
  }, Effect.provide(EmbeddedPostgres.layer()))
).pipe(Command.withDescription("What pgkeel costs next to the driver that it is built on, and next to its peers."))

Program.main(bench)
