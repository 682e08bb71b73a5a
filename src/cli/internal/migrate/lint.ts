/** `pgkeel migrate lint`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { answering, done, exitCodes } from "../answer.ts"
import { isOnlyOwn, onlyOwn, options } from "../database.ts"
import { failUsage } from "../failure.ts"
import { findingEntry, findingsSummary, findingsText } from "../findings.ts"
import { namespace, toggle } from "../flags.ts"
import { hasDatabase, lintAll, lintNamed, lintPending } from "../lintFiles.ts"
import { paint } from "../table.ts"

interface Wanted {
  readonly files: ReadonlyArray<string>
  readonly all: boolean
  readonly namespace: string | undefined
}

const look = Effect.fnUntraced(function* ({ all, files, namespace }: Wanted) {
  const given = yield* options
  if (files.length > 0) {
    if (all || namespace !== undefined)
      return yield* failUsage("--all and --namespace choose from all files: give none")
    return yield* lintNamed(given, files)
  }
  // "No findings" would be said of nothing.
  if (isOnlyOwn(given)) return yield* failUsage(onlyOwn)
  return all || !(yield* hasDatabase(given)) ? yield* lintAll(given, namespace) : yield* lintPending(given, namespace)
})

const report = Effect.fnUntraced(function* (wanted: Wanted) {
  const { files, findings } = yield* look(wanted)
  const answer = done({ files, findings: findings.map(findingEntry) }, findingsSummary(findings, files))
  if (findings.length === 0) return answer
  const text = `${yield* findingsText(yield* paint, findings)}\n\n${answer.text}`
  return { ...answer, code: exitCodes.failed, json: { ...answer.json, ok: false }, text }
})

export const lint = Command.make(
  "lint",
  {
    files: Argument.String("FILES").pipe(
      Argument.withDescription(
        "Files of SQL, or directories of migrations. Default: what is pending, or all without a database"
      ),
      Argument.variadic()
    ),
    all: toggle("all", "All of the directories, also what is applied; asks a database only where --url gives one"),
    namespace: namespace("Only of this namespace. Default: all but the package's own")
  },
  (wanted) => answering(report(wanted))
).pipe(
  Command.withDescription(
    "Find what would lock, break or rewrite a database in use; exits with 1 if it finds anything"
  ),
  Command.withExamples([
    { command: "pgkeel migrate lint", description: "What up would run" },
    { command: "pgkeel migrate lint migrations/0007_orders.up.sql", description: "A file, without a database" }
  ])
)
