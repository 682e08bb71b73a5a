/**
 * Variables read through Effect's `ConfigProvider`, each with a `*_FILE` form:
 * the path of a file that holds the value, as container secrets are mounted.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { ConflictingVariables, InvalidVariable, UnreadableFile } from "../DatabaseConfigError.ts"
import type { ConfigProblem } from "../DatabaseConfigError.ts"
import { readText } from "./readText.ts"

/** A value and where it came from, for messages. */
export interface Found {
  readonly variable: string
  readonly value: Redacted.Redacted<string>
}

/** The value of `variable`. A provider that fails is a problem: what it did not say may be where to connect to. */
export const variable = (name: string): Effect.Effect<Found | undefined, ConfigProblem> =>
  Config.option(Config.Redacted(name)).pipe(
    Effect.mapError(
      (): ConfigProblem =>
        new InvalidVariable({
          variable: name,
          problem: "cannot be read from the configuration provider",
          accepted: "text"
        })
    ),
    // A variable that is set to nothing counts as not set, as in libpq.
    Effect.map(Option.filter((value) => Redacted.value(value) !== "")),
    Effect.map(Option.map((value) => ({ variable: name, value }))),
    Effect.map(Option.getOrUndefined)
  )

const readSecret = Effect.fnUntraced(function* (file: Found) {
  const contents = yield* readText(file.variable, Redacted.value(file.value))
  // Editors and `echo` end a file with a line break that is not part of the secret.
  const value = contents.replace(/\r?\n$/, "")
  if (value === "") {
    return yield* Effect.fail<ConfigProblem>(
      new UnreadableFile({ variable: file.variable, path: undefined, problem: "is empty" })
    )
  }
  return { variable: file.variable, value: Redacted.make(value) }
})

/** The value of `variable`, or of the file that `${variable}_FILE` names; both at once is a problem. */
export const secret = Effect.fnUntraced(function* (name: string) {
  const [direct, file] = yield* Effect.all([variable(name), variable(`${name}_FILE`)])
  if (direct !== undefined && file !== undefined) {
    return yield* Effect.fail<ConfigProblem>(new ConflictingVariables({ variable: name, other: file.variable }))
  }
  return file === undefined ? direct : yield* readSecret(file)
})
