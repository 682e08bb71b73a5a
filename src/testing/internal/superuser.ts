/**
 * The superuser's password, which must be known again when a server is started
 * on a data directory that exists.
 *
 * A generated password is kept in a file that only the server's account can
 * read, inside the data directory, which holds everything the password protects
 * anyway. A password that the caller gave is never stored: it is set again at
 * each start, in single-user mode, where no password is asked for and no other
 * session exists. That also opens a directory that was made by other means.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { quoteIdentifier, quoteLiteral } from "../../error/internal/quote.ts"
import { EmbeddedPostgresError, InitFailed } from "../EmbeddedPostgresError.ts"
import type { DataDirectoryOptions } from "./dataDirectory.ts"
import type { Place } from "./guardedProcess.ts"
import { spawnGuarded } from "./guardedProcess.ts"
import { handOver } from "./place.ts"
import { settingArguments } from "./settings.ts"
import { classifyStart, logLinePrefix, logTail } from "./serverLog.ts"

const fileName = "pgkeel-superuser-password"

export const generatePassword = Effect.sync(() => Redacted.make(randomBytes(24).toString("base64url")))

/** The generated password of an earlier start, if there is one. */
export const storedPassword = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs.readFileString(path.join(directory, fileName)).pipe(Effect.option)
  return Option.map(text, (password) => Redacted.make(password.trim()))
})

/** Keeps a generated password for the next start. */
export const storePassword = Effect.fnUntraced(function* (options: DataDirectoryOptions) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(options.directory, fileName)
  yield* fs.writeFileString(file, `${Redacted.value(options.password)}\n`, { mode: 0o600 })
  yield* handOver(file, options.user)
})

/** A password that the caller gave replaces the generated one, so the file no longer tells the truth. */
export const forgetPassword = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.remove(path.join(directory, fileName), { force: true })
})

/** Sets the password in a directory on which no server runs. */
export const setPassword = Effect.fnUntraced(
  function* (options: DataDirectoryOptions, place: Place) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { directory, user, workspace } = options
    const input = path.join(workspace, "statement")
    const log = path.join(workspace, "single-user.log")
    const password = quoteLiteral(Redacted.value(options.password))
    yield* fs.writeFileString(input, `ALTER ROLE ${quoteIdentifier(options.username)} WITH PASSWORD ${password}\n`, {
      mode: 0o600
    })
    yield* handOver(input, user)
    const single = yield* spawnGuarded({
      command: options.binaries.postgres,
      args: [
        "--single",
        "-D",
        place.path,
        ...settingArguments({
          log_statement: "none",
          log_min_error_statement: "panic",
          log_destination: "stderr",
          logging_collector: "off",
          log_line_prefix: logLinePrefix,
          password_encryption: "scram-sha-256"
        }),
        "postgres"
      ],
      user,
      place,
      input,
      log,
      stopSignal: "TERM",
      removeWhenLost: workspace
    })
    const exitCode = yield* single.exitCode
    yield* fs.remove(input, { force: true })
    const output = yield* logTail(log)
    // In single-user mode an error does not end the program.
    if (exitCode === 0 && !/ (?:ERROR|FATAL): /.test(output)) return
    const reason = classifyStart({ directory, host: "", port: 0, detail: output, log: output })
    return yield* new EmbeddedPostgresError({
      reason: reason._tag === "DataDirectoryInUse" ? reason : new InitFailed({ directory, detail: output })
    })
  },
  Effect.scoped,
  (effect, { directory }) =>
    Effect.catchTag(effect, "PlatformError", (error) =>
      Effect.fail(new EmbeddedPostgresError({ reason: new InitFailed({ directory, detail: error.message }) }))
    )
)
