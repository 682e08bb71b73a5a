/** How two schemas are compared, and what of them is not. */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import type { Snapshot } from "../../../catalog/Snapshot.ts"
import type { Difference } from "../../../schema/Difference.ts"
import { ignorableProblem } from "../../../schema/internal/ignoring.ts"
import { differences } from "../../../schema/internal/verification.ts"
import { failUsage } from "../failure.ts"
import { count } from "../table.ts"
import type { SchemaCommandOptions } from "./options.ts"

export const ignore = Flag.String("ignore").pipe(
  Flag.withMetavar("WHAT"),
  Flag.withDescription(
    'What is not compared: owners, grants, comments, or a kind and a name such as "table audit.*"; may be repeated'
  ),
  Flag.atLeast(0)
)

/** What is compared, and words for what is not. */
export const compared = Effect.fnUntraced(function* (flags: ReadonlyArray<string>, given: SchemaCommandOptions) {
  const ignored = flags.length > 0 ? flags : (given.schema?.ignore ?? [])
  for (const each of ignored) {
    const problem = ignorableProblem(each)
    const source = flags.length > 0 ? "--ignore" : "schema.ignore in the configuration file"
    if (problem !== undefined) return yield* failUsage(`${source} has "${each}", which is ${problem}: ${accepted}`)
  }
  const between = (expected: Snapshot, actual: Snapshot): ReadonlyArray<Difference> =>
    differences(expected, actual, { ignore: ignored, additions: false }).drift
  return { between, ignoring: ignored.length === 0 ? "" : `, ${count(ignored.length, "thing")} ignored` }
})

const accepted = 'give owners, grants, comments, or a kind and a name such as "table audit.*"'
