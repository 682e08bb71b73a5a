/** `pgkeel migrate redo`. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { RedoTarget } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { dryRun, namespace } from "../flags.ts"
import { entry, ranTable } from "../migration.ts"
import { withProgress } from "../progress.ts"
import { showPlan } from "../showPlan.ts"
import { count, paint } from "../table.ts"
import { steps } from "./down.ts"

const again = Effect.fnUntraced(function* (target: RedoTarget) {
  const given = yield* options
  const { applied, reverted } = yield* withProgress((progress) =>
    withMigrator({ ...given, progress }, ({ redo }) => redo(target))
  )
  const json = { reverted: reverted.map(entry), applied: applied.map(entry) }
  if (reverted.length === 0) return done(json, "nothing to do: no migration is applied")
  const text = ranTable(yield* paint, applied)
  return done(json, `${text}\n\n${count(reverted.length, "migration")} reverted, ${applied.length} applied`)
})

export const redo = Command.make(
  "redo",
  {
    steps: steps("redo"),
    namespace: namespace("Of this namespace. Default: the application's"),
    dryRun: dryRun("what would be reverted and applied again")
  },
  ({ dryRun, namespace, ...given }) => {
    const target = { namespace, steps: Option.getOrUndefined(given.steps) }
    return answering(dryRun ? showPlan({ direction: "redo", ...target }) : again(target))
  }
).pipe(Command.withDescription("Revert the latest migration and apply it again, from its present file"))
