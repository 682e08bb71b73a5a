/** `pgkeel migrate status`. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import type { MigrationStatus } from "../../../migration/Migrator.ts"
import { type Answer, answering, done, exitCodes } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { toggle } from "../flags.ts"
import { isApplied, problemEntry, statusEntry, titleOf } from "../migration.ts"
import { type Colour, count, moment, paint, type Paint, table, took } from "../table.ts"

const colours: Readonly<Record<MigrationStatus["state"], Colour>> = {
  applied: "green",
  baselined: "green",
  pending: "yellow",
  reverted: "yellow",
  reverting: "red",
  started: "yellow",
  failed: "red"
}

const row = (paint: Paint, status: MigrationStatus): ReadonlyArray<string> => [
  status.namespace,
  titleOf(status),
  paint(status.problem === undefined ? colours[status.state] : "red", status.state),
  status.appliedAt === undefined ? "" : moment(status.appliedAt),
  status.duration === undefined ? "" : took(status.duration)
]

const summary = (all: ReadonlyArray<MigrationStatus>, pending: number): string => {
  const applied = count(all.length - pending, "migration")
  return pending === 0 ? `${applied} applied, none pending` : `${applied} applied, ${pending} pending`
}

const textOf = (paint: Paint, all: ReadonlyArray<MigrationStatus>, pending: number): string => {
  const rows = table(
    paint,
    ["NAMESPACE", "MIGRATION", "STATE", "APPLIED", "TIME"],
    all.map((status) => row(paint, status)),
    [4]
  )
  const failures = all.flatMap((status) =>
    status.error === undefined ? [] : [`${titleOf(status)} (${status.namespace}): ${status.error}`]
  )
  const problems = all.flatMap(problemEntry).map(({ message, tag }) => `${paint("red", tag)}: ${message}`)
  const tolerated = all.flatMap(({ tolerated }) =>
    tolerated === undefined
      ? []
      : [`${paint("yellow", tolerated.problem._tag)}, let pass by a policy: ${tolerated.problem.message}`]
  )
  return [rows, summary(all, pending), ...failures, ...tolerated, ...problems].join("\n\n")
}

const show = Effect.fnUntraced(function* (check: boolean) {
  const all = yield* withMigrator(yield* options, ({ status }) => status())
  const due = all.filter((each) => !isApplied(each))
  const problems = all.flatMap(problemEntry)
  const answer = done(
    { applied: all.filter(isApplied).map(statusEntry), pending: due.map(statusEntry), problems },
    textOf(yield* paint, all, due.length)
  )
  return check ? checked(answer, due.length > 0, problems[0]) : answer
})

/** What keeps `up` from running fails; else what is pending has a code of its own. */
const checked = (
  answer: Answer,
  isPending: boolean,
  problem: ReturnType<typeof problemEntry>[number] | undefined
): Answer => {
  if (problem !== undefined)
    return { ...answer, code: exitCodes.failed, json: { ...answer.json, ok: false, error: problem } }
  return isPending ? { ...answer, code: exitCodes.pending } : answer
}

export const status = Command.make(
  "status",
  { check: toggle("check", "Exit with 3 if migrations are pending, and with 1 if up would refuse to run") },
  ({ check }) => answering(show(check))
).pipe(Command.withDescription("Show every migration and what the history says of it"))
