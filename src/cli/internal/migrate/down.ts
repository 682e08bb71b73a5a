/** `pgkeel migrate down`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { DownTarget } from "../../../migration/Migrator.ts"
import { answering, done } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { failUsage } from "../failure.ts"
import { toggle } from "../flags.ts"
import { entry, ranTable } from "../migration.ts"
import { progress } from "../progress.ts"
import { count, paint } from "../table.ts"

interface Given {
  readonly to: Option.Option<string>
  readonly steps: Option.Option<number>
  readonly all: boolean
  readonly namespace: Option.Option<string>
}

/** One of them says how far; without any it is the last migration. */
const targetOf = Effect.fnUntraced(function* ({ all, namespace, steps, to }: Given) {
  const given = [Option.isSome(to), Option.isSome(steps), all].filter(Boolean)
  if (given.length > 1) return yield* failUsage("give one of --to, --steps and --all: they say how far down")
  const within = { namespace: Option.getOrUndefined(namespace) }
  if (all) return { ...within, all } satisfies DownTarget
  if (Option.isSome(to)) return { ...within, to: to.value } satisfies DownTarget
  return { ...within, steps: Option.getOrElse(steps, () => 1) } satisfies DownTarget
})

const revert = Effect.fnUntraced(function* (given: Given) {
  const target = yield* targetOf(given)
  const settings = { ...(yield* options), progress: yield* progress }
  const { reverted } = yield* withMigrator(settings, ({ down }) => down(target))
  const json = { reverted: reverted.map(entry) }
  if (reverted.length === 0) return done(json, "nothing to do: there is no such migration to revert")
  const text = ranTable(yield* paint, reverted)
  return done(json, `${text}\n\n${count(reverted.length, "migration")} reverted`)
})

export const down = Command.make(
  "down",
  {
    to: Flag.String("to").pipe(
      Flag.withMetavar("ID"),
      Flag.withDescription("The last migration that stays applied"),
      Flag.optional
    ),
    steps: Flag.Int("steps").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("How many migrations to revert. Default: 1"),
      Flag.optional
    ),
    all: toggle("all", "Revert everything"),
    namespace: Flag.String("namespace").pipe(
      Flag.withMetavar("NAMESPACE"),
      Flag.withDescription("Only of this namespace. Default: all but the package's own, pgkeel"),
      Flag.optional
    )
  },
  (given) => answering(revert(given))
).pipe(
  Command.withDescription("Revert migrations, latest first"),
  Command.withExamples([
    { command: "pgkeel migrate down", description: "Revert the last one" },
    { command: "pgkeel migrate down --to 0003", description: "Revert what came after 0003" }
  ])
)
