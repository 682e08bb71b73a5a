/**
 * `npm run bench`: what pgkeel costs next to the driver that it is built on.
 *
 *     npm run bench -- [--only NAME] [--quick] [--json FILE]
 *
 * `--json` writes every figure as `{ name: { ratio, against, ours, theirs, unit } }`.
 * `ratio` is always ours over theirs; the unit says which way is better. It is
 * the median over many short rounds in which both sides follow each other, so
 * that it holds on a machine that is busy with other things; the absolute figures
 * do not. A missed promise is shown and fails nothing; only a crash does.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { EmbeddedPostgres } from "../../src/testing/EmbeddedPostgres.ts"
import { benchmarks } from "./benchmarks.ts"
import { json, table } from "./support/report.ts"

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false }
  }
})

const usage = `npm run bench -- [--only NAME] [--quick] [--json FILE]

  --only NAME   one of ${benchmarks.map(({ name }) => name).join(", ")}
  --quick       a sign of life in seconds; its ratios mean little
  --json FILE   writes every figure as {"name": {"ratio", "against", "ours", "theirs", "unit"}}`

const chosen = benchmarks.filter(({ name }) => values.only === undefined || name === values.only)

const main = Effect.gen(function* () {
  if (chosen.length === 0) {
    return yield* Effect.fail(new Error(`--only takes one of ${benchmarks.map(({ name }) => name).join(", ")}`))
  }
  const { url, version } = yield* EmbeddedPostgres
  yield* Console.log(`Node ${process.versions.node}, PostgreSQL ${version}\n`)
  const figures = (yield* Effect.forEach(chosen, ({ run }) => run({ url, quick: values.quick }))).flat()
  yield* Console.log(table(figures))
  const file = values.json
  if (file !== undefined) yield* Effect.tryPromise(() => writeFile(file, json(figures)))
})

NodeRuntime.runMain(values.help ? Console.log(usage) : main.pipe(Effect.provide(EmbeddedPostgres.layer())))
