/** `pgkeel migrate plan`. */
import * as Cause from "effect/Cause"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ShadowOptions, ShadowOutcome } from "../../../migration/Migrator.ts"
import type { MigrationSource } from "../../../migration/MigrationSource.ts"
import { type Answer, answering } from "../answer.ts"
import { options, withMigrator } from "../database.ts"
import { excerptOf } from "../excerpt.ts"
import { answerOf, failUsage, failureOf, refusedScratch } from "../failure.ts"
import { answerOfPlan, showPlan } from "../showPlan.ts"
import { paint } from "../table.ts"
import { upFlags } from "./up.ts"

const phases = {
  history: "on a scratch database, what is applied could not be run again",
  pending: "on a scratch database, this failed"
} as const

/** The plan, and beside it what came of it on the scratch database. */
const withOutcome = Effect.fnUntraced(function* (
  answer: Answer,
  outcome: ShadowOutcome,
  sources: ReadonlyArray<MigrationSource>
) {
  if (outcome._tag === "Succeeded") {
    const text = `${answer.text}\n\non a scratch database, all of it succeeded`
    return { ...answer, json: { ...answer.json, shadow: { succeeded: true } }, text }
  }
  const { error, phase } = outcome
  const failure = failureOf(Cause.fail(error))
  const excerpt = (yield* excerptOf(error, sources)) ?? failure.excerpt
  const done = { ...answer.json, shadow: { succeeded: false, phase } }
  const failed = answerOf({ ...failure, excerpt }, yield* paint, done)
  return { ...failed, text: `${answer.text}\n\n${phases[phase]}:\n${failed.text}` }
})

const rehearse = Effect.fnUntraced(function* (shadowOptions: ShadowOptions) {
  const given = yield* options
  const { outcome, plan } = yield* withMigrator(given, ({ shadow }) => shadow(shadowOptions)).pipe(
    Effect.mapError(refusedScratch("what is pending", true))
  )
  return yield* withOutcome(yield* answerOfPlan("up", plan), outcome, given.sources)
})

export const plan = Command.make(
  "plan",
  {
    ...upFlags,
    shadow: Flag.Redacted("shadow").pipe(
      Flag.withMetavar("URL"),
      Flag.withDescription(
        "Also run it on a scratch database, made by this login and dropped afterwards, and say whether it succeeds"
      ),
      Flag.optional
    ),
    template: Flag.String("shadow-template").pipe(
      Flag.withMetavar("DATABASE"),
      Flag.withDescription(
        "What the scratch database is a copy of. Default: nothing; what is applied is run again first"
      ),
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ shadow, template, ...target }) {
    if (Option.isNone(shadow)) return yield* answering(showPlan({ direction: "up", ...target }))
    const partly = target.to !== undefined || target.namespace !== undefined
    if (partly) return yield* failUsage("--shadow is about all that is pending: leave out --to and --namespace")
    return yield* answering(rehearse({ url: shadow.value, template: Option.getOrUndefined(template) }))
  })
).pipe(Command.withDescription("Show exactly what up would run, in which transactions, and change nothing"))
