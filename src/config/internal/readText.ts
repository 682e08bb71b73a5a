/**
 * Files that a variable names. Where there is no such file, the variable may hold
 * the secret itself instead of its path, so the path is shown only when the
 * directory that it leads to is there.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import { UnreadableFile } from "../DatabaseConfigError.ts"
import type { ConfigProblem } from "../DatabaseConfigError.ts"

const explain = (error: PlatformError): string => {
  switch (error.reason._tag) {
    case "NotFound":
      return "does not exist"
    case "PermissionDenied":
      return "this process may not read"
    default:
      return "is not a file that can be read"
  }
}

/** A path with a directory in it that exists. */
const isPlausible = (files: FileSystem.FileSystem, path: string): Effect.Effect<boolean> => {
  const directory = path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")))
  return directory === "" ? Effect.succeed(false) : Effect.orElseSucceed(files.exists(directory), () => false)
}

/** The contents of the file at `path`, which `variable` named. */
export const readText = Effect.fnUntraced(function* (
  variable: string,
  path: string
): Effect.fn.Return<string, ConfigProblem, FileSystem.FileSystem> {
  const files = yield* FileSystem.FileSystem
  return yield* Effect.catch(files.readFileString(path), (error) =>
    Effect.flatMap(isPlausible(files, path), (plausible) =>
      Effect.fail(new UnreadableFile({ variable, path: plausible ? path : undefined, problem: explain(error) }))
    )
  )
})
