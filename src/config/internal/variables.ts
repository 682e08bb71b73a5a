/**
 * Variables read through Effect's `ConfigProvider`, each with a `*_FILE` form:
 * the path of a file that holds the value, as container secrets are mounted.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import { ConflictingVariables, UnreadableFile } from "../DatabaseConfigError.ts"
import type { ConfigProblem } from "../DatabaseConfigError.ts"

/** A value and where it came from, for messages. */
export interface Found {
  readonly variable: string
  readonly value: Redacted.Redacted<string>
}

const read = (variable: string): Effect.Effect<Found | undefined> =>
  Config.option(Config.Redacted(variable)).pipe(
    Effect.orElseSucceed(() => Option.none<Redacted.Redacted<string>>()),
    // A variable that is set to nothing counts as not set, as in libpq.
    Effect.map(Option.filter((value) => Redacted.value(value) !== "")),
    Effect.map(Option.map((value) => ({ variable, value }))),
    Effect.map(Option.getOrUndefined)
  )

const explain = (error: PlatformError): string => {
  switch (error.reason._tag) {
    case "NotFound":
      return "does not exist"
    case "PermissionDenied":
      return "this process may not read"
    default:
      return `cannot be read (${error.reason._tag})`
  }
}

const readFile = Effect.fnUntraced(function*(variable: string, path: string) {
  const files = yield* FileSystem.FileSystem
  const contents = yield* files.readFileString(path).pipe(
    Effect.mapError((error): ConfigProblem => new UnreadableFile({ variable, path, problem: explain(error) }))
  )
  // Editors and `echo` end a file with a line break that is not part of the secret.
  return { variable, value: Redacted.make(contents.replace(/\r?\n$/, "")) }
})

/** The value of `variable`. */
export const variable = read

/** The value of `variable`, or of the file that `${variable}_FILE` names; both at once is a problem. */
export const secret = Effect.fnUntraced(function*(name: string) {
  const [direct, file] = yield* Effect.all([read(name), read(`${name}_FILE`)])
  if (direct !== undefined && file !== undefined) {
    return yield* Effect.fail<ConfigProblem>(new ConflictingVariables({ variable: name, other: file.variable }))
  }
  return file === undefined ? direct : yield* readFile(file.variable, Redacted.value(file.value))
})
