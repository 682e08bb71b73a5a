/** The policies of the flags, `NAME=ANSWER` each. */
import * as Effect from "effect/Effect"
import { didYouMean } from "../../config/internal/nearest.ts"
import type { MigrationPolicies, MigrationPolicy } from "../../migration/MigrationPolicies.ts"
import { failUsage } from "./failure.ts"

const anyAnswer: ReadonlyArray<MigrationPolicy> = ["fail", "warn", "allow"]

const answers: Readonly<Record<keyof MigrationPolicies, ReadonlyArray<MigrationPolicy>>> = {
  late: anyAnswer,
  // To let edits pass in silence is not offered.
  edited: ["fail", "warn"],
  renamed: anyAnswer,
  missing: anyAnswer,
  newer: anyAnswer
}

const names = Object.keys(answers)

const isName = (name: string): name is keyof MigrationPolicies => names.includes(name)

const parse = (given: string) => {
  const [name = "", answer = ""] = given.split("=", 2)
  if (!isName(name)) {
    const meant = didYouMean(name, names) ?? `there are ${names.join(", ")}`
    return failUsage(`--policy ${given} is not accepted: ${name} is no policy; ${meant}`)
  }
  return answers[name].some((one) => one === answer)
    ? Effect.succeed([name, answer] as const)
    : failUsage(`--policy ${given} is not accepted: give ${answers[name].map((one) => `${name}=${one}`).join(", ")}`)
}

/** The last of several for one name holds. */
export const policiesOf = (given: ReadonlyArray<string>) =>
  Effect.map(Effect.forEach(given, parse), (pairs): MigrationPolicies => Object.fromEntries(pairs))
