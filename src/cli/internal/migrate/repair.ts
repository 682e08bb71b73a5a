/** `pgkeel migrate repair`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryRepair, RepairOptions } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun, namespace, toggle } from "../flags.ts"
import { titleOf } from "../migration.ts"
import { count, paint, table } from "../table.ts"

const entry = ({ action, description, id, name, namespace }: HistoryRepair) => ({
  namespace,
  id,
  name,
  action,
  description
})

const putRight = Effect.fnUntraced(function* (given: RepairOptions) {
  const { repaired } = yield* withMigrator(yield* options, ({ repair }) => repair(given))
  const json = { repaired: repaired.map(entry) }
  if (repaired.length === 0) return done(json, "nothing to do: there is nothing to repair")
  const rows = repaired.map((each) => [each.namespace, titleOf(each), each.description])
  const text = table(yield* paint, ["NAMESPACE", "MIGRATION", "WHAT HOLDS NOW"], rows)
  const changed = given.dryRun === true ? "would be changed; nothing was" : "changed"
  return done(json, `${text}\n\n${count(repaired.length, "row")} of the history ${changed}`)
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
    forgetMissing: toggle("forget-missing", "Forget applied migrations whose files are gone"),
    dryRun: dryRun("what would be changed")
  },
  (given) => answering(putRight(given))
).pipe(
  Command.withDescription("Accept edited and renamed files as what was applied, and forget failed tries"),
  Command.withExamples([{ command: "pgkeel migrate repair --dry-run" }, { command: "pgkeel migrate repair 0007" }])
)
