/** `pgkeel migrate repair`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { inNamespace } from "../../../migration/internal/reasonSubject.ts"
import type { HistoryRepair, MigrationStatus, RepairOptions } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun, namespace, toggle } from "../flags.ts"
import { pendingEntry, titleOf } from "../migration.ts"
import { count, paint, table } from "../table.ts"

const entry = ({ action, description, id, name, namespace }: HistoryRepair) => ({
  namespace,
  id,
  name,
  action,
  description
})

/** What has no file and is later than all files: a database that is newer than the code forgets nothing that is not named. */
const newerOf = ({ id, namespace }: RepairOptions, all: ReadonlyArray<MigrationStatus>) =>
  id !== undefined
    ? []
    : all.filter(({ problem: failing, tolerated, ...each }) => {
        const problem = failing ?? tolerated?.problem
        const isAsked = namespace === undefined || each.namespace === namespace
        return isAsked && problem?._tag === "MissingFile" && problem.newer
      })

/** What `repair` passed over, and how it is named. */
const passedOver = (newer: ReadonlyArray<MigrationStatus>): ReadonlyArray<string> =>
  newer.map(({ id, name, namespace }) => {
    const command = `\`pgkeel migrate repair ${id} ${inNamespace(namespace)} --forget-missing\``
    return (
      `${titleOf({ id, name })} (${namespace}) was left: its file is gone, and it is later than every file here, so that ` +
      `the database may be newer than this code; if no release has it, ${command} forgets it`
    )
  })

const putRight = Effect.fnUntraced(function* (given: RepairOptions) {
  const { newer, repaired } = yield* withMigrator(
    yield* options,
    Effect.fnUntraced(function* ({ repair, status }) {
      const { repaired } = yield* repair(given)
      return { repaired, newer: given.forgetMissing === true ? newerOf(given, yield* status()) : [] }
    })
  )
  const json = { repaired: repaired.map(entry), left: newer.map(pendingEntry) }
  const left = passedOver(newer)
  if (repaired.length === 0) {
    return done(json, left.length === 0 ? "nothing to do: there is nothing to repair" : left.join("\n\n"))
  }
  const rows = repaired.map((each) => [each.namespace, titleOf(each), each.description])
  const text = table(yield* paint, ["NAMESPACE", "MIGRATION", "WHAT HOLDS NOW"], rows)
  const changed = given.dryRun === true ? "would be changed; nothing was" : "changed"
  return done(json, [text, `${count(repaired.length, "row")} of the history ${changed}`, ...left].join("\n\n"))
})

/** As the option of the migrator has it. */
const halfDone = Flag.ChoiceWithValue("half-done", [
  ["start-over", "startOver"],
  ["done", "done"]
] as const).pipe(
  Flag.withMetavar("start-over|done"),
  Flag.withDescription(
    "What has become of migrations without a transaction that stopped half-way: what they did was undone by hand, " +
      "or the rest was done by hand. Default: they are left, and up goes on there"
  ),
  Flag.optional,
  Flag.map(Option.getOrUndefined)
)

export const repair = Command.make(
  "repair",
  {
    id: Argument.String("ID").pipe(
      Argument.withDescription("Only this migration. Default: all"),
      Argument.optional,
      Argument.map(Option.getOrUndefined)
    ),
    namespace: namespace("Only of this namespace; the namespace of the ID"),
    halfDone,
    forgetMissing: toggle(
      "forget-missing",
      "Forget applied migrations whose files are gone; one that is later than all files only by its ID"
    ),
    dryRun: dryRun("what would be changed")
  },
  (given) => answering(putRight(given))
).pipe(
  Command.withDescription("Accept edited and renamed files as what was applied, and forget failed tries"),
  Command.withExamples([{ command: "pgkeel migrate repair --dry-run" }, { command: "pgkeel migrate repair 0007" }])
)
