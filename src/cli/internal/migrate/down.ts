/** `pgkeel migrate down`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { DownTarget } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { failUsage, type UsageError } from "../failure.ts"
import { dryRun, namespace, toggle } from "../flags.ts"
import { entry, ranTable } from "../migration.ts"
import { withProgress } from "../progress.ts"
import { showPlan } from "../showPlan.ts"
import { count, paint } from "../table.ts"

interface Given {
  readonly to: Option.Option<string>
  readonly steps: Option.Option<number>
  readonly all: boolean
  readonly namespace: string | undefined
}

/** One of them says how far; without any it is the last migration. */
const targetOf = Effect.fnUntraced(function* ({
  all,
  namespace,
  steps,
  to
}: Given): Effect.fn.Return<DownTarget, UsageError> {
  const given = [Option.isSome(to), Option.isSome(steps), all].filter(Boolean)
  if (given.length > 1) return yield* failUsage("give one of --to, --steps and --all: they say how far down")
  if (all) return { namespace, all }
  return Option.isSome(to) ? { namespace, to: to.value } : { namespace, steps: Option.getOrElse(steps, () => 1) }
})

const revert = Effect.fnUntraced(function* (target: DownTarget) {
  const given = yield* options
  const { reverted } = yield* withProgress((progress) =>
    withMigrator({ ...given, progress }, ({ down }) => down(target))
  )
  const json = { reverted: reverted.map(entry) }
  if (reverted.length === 0) return done(json, "nothing to do: there is no such migration to revert")
  const text = ranTable(yield* paint, reverted)
  return done(json, `${text}\n\n${count(reverted.length, "migration")} reverted`)
})

/** How many, of the latest; `redo` takes it too. */
export const steps = (what: string) =>
  Flag.Int("steps").pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(`How many migrations to ${what}, latest first. Default: 1`),
    Flag.optional
  )

export const down = Command.make(
  "down",
  {
    to: Flag.String("to").pipe(
      Flag.withMetavar("ID"),
      Flag.withDescription("The last migration that stays applied"),
      Flag.optional
    ),
    steps: steps("revert"),
    all: toggle("all", "Revert everything"),
    namespace: namespace("Only of this namespace. Default: all but the package's own, pgkeel"),
    dryRun: dryRun("what would be reverted")
  },
  ({ dryRun, ...given }) =>
    answering(
      Effect.flatMap(targetOf(given), (target) =>
        dryRun ? showPlan({ direction: "down", ...target }) : revert(target)
      )
    )
).pipe(
  Command.withDescription("Revert migrations, latest first"),
  Command.withExamples([
    { command: "pgkeel migrate down", description: "Revert the last one" },
    { command: "pgkeel migrate down --to 0003", description: "Revert what came after 0003" }
  ])
)
