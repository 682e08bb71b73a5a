/**
 * Everything a server needs before it can start: binaries, an account to run
 * as, a data directory, and a superuser whose password is known.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { EmbeddedPostgresError, InitFailed } from "../EmbeddedPostgresError.ts"
import { usableBinaries } from "./binaries.ts"
import type { DataDirectoryOptions } from "./dataDirectory.ts"
import { ownerOf, prepareDataDirectory } from "./dataDirectory.ts"
import type { PackageRequest } from "./packages.ts"
import type { Place } from "./guardedProcess.ts"
import { serverUser } from "./serverUser.ts"
import { forgetPassword, generatePassword, setPassword, storedPassword, storePassword } from "./superuser.ts"
import { makeWorkspace } from "./workspace.ts"

export interface ClusterOptions extends Partial<PackageRequest> {
  readonly username: string
  readonly password?: Redacted.Redacted | undefined
  readonly dataDirectory: string | undefined
}

/** The login of a directory that is kept: given, remembered from an earlier start, or new. */
const settleLogin = Effect.fnUntraced(function* (
  options: DataDirectoryOptions,
  given: boolean,
  remembered: boolean,
  { isNew, place }: { readonly isNew: boolean; readonly place: Place }
) {
  if (!isNew && !remembered) yield* setPassword(options, place)
  if (given) yield* Effect.ignore(forgetPassword(options.directory))
  else if (!remembered) yield* Effect.ignore(storePassword(options))
})

/** initdb and single-user mode read line by line, and would quote the rest of the password in an error. */
const checkPassword = Effect.fnUntraced(function* ({ dataDirectory, password }: ClusterOptions) {
  if (password === undefined || !/[\r\n\0]/.test(Redacted.value(password))) return
  const detail = "the superuser's password contains a line break; choose one without"
  return yield* new EmbeddedPostgresError({
    reason: new InitFailed({ directory: dataDirectory ?? "(temporary)", detail })
  })
})

export const prepareCluster = Effect.fnUntraced(function* (options: ClusterOptions) {
  yield* checkPassword(options)
  const path = yield* Path.Path
  const account = yield* serverUser
  const durable = options.dataDirectory !== undefined
  const user = durable ? yield* ownerOf(options.dataDirectory, account) : account
  const binaries = yield* usableBinaries({ version: options.version, package: options.package }, user)
  const workspace = yield* makeWorkspace(user)
  const directory = options.dataDirectory ?? path.join(workspace, "data")
  const remembered = options.password === undefined ? yield* storedPassword(directory) : Option.none()
  const password = options.password ?? Option.getOrUndefined(remembered) ?? (yield* generatePassword)
  const prepared = { binaries, directory, user, workspace, username: options.username, password, durable }
  const made = yield* prepareDataDirectory(prepared)
  if (durable) yield* settleLogin(prepared, options.password !== undefined, Option.isSome(remembered), made)
  return { ...prepared, place: made.place }
})
