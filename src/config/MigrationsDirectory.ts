/** Where an application keeps its migrations when it does not say so in code. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { DatabaseConfigError } from "./DatabaseConfigError.ts"
import { variable } from "./internal/variables.ts"

/**
 * `PGKEEL_MIGRATIONS`, else `./migrations` where that directory exists. The
 * package's own directory, `except`, is no application's.
 */
export const migrationsDirectory = Effect.fnUntraced(
  function* (except: string | URL) {
    const path = yield* Path.Path
    const given = yield* Effect.mapError(
      variable("PGKEEL_MIGRATIONS"),
      (problem) => new DatabaseConfigError({ reasons: [problem] })
    )
    if (given !== undefined) return path.resolve(Redacted.value(given.value))
    const files = yield* FileSystem.FileSystem
    const directory = path.resolve("migrations")
    const own = except instanceof URL ? yield* path.fromFileUrl(except) : except
    const exists = yield* Effect.orElseSucceed(files.exists(directory), () => false)
    return exists && path.resolve(own) !== directory ? directory : undefined
  },
  Effect.catchTag("BadArgument", () => Effect.undefined)
)
