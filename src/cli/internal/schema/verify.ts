/** `pgkeel schema verify`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { own } from "../../../migration/MigrationSource.ts"
import { findSnapshot, snapshotName } from "../../../schema/internal/committed.ts"
import * as SnapshotFile from "../../../schema/SnapshotFile.ts"
import { answering, done, exitCodes } from "../answer.ts"
import { failUsage } from "../failure.ts"
import { paint } from "../table.ts"
import { changeEntry, changeLines, differences } from "./changes.ts"
import { compared, ignore } from "./compared.ts"
import { options, type SchemaCommandOptions } from "./options.ts"
import { snapshotOfDatabase } from "./source.ts"

/** The file that is named, else the one beside the migrations. */
const fileOf = Effect.fnUntraced(function* (flag: string | undefined, { schema, sources }: SchemaCommandOptions) {
  const named = flag ?? schema?.snapshot
  const directories = sources.flatMap((source) => (source !== own && "directory" in source ? [source.directory] : []))
  return named ?? (yield* findSnapshot(directories)) ?? (yield* failUsage(missing))
})

const missing =
  `there is no ${snapshotName} beside the migrations: write it with ` +
  `\`pgkeel schema snapshot --out migrations/${snapshotName}\`, or give another file by --snapshot`

const advice =
  "undo what was changed by hand, write a migration for it, or, where it is as it should be, write the snapshot anew"

const check = Effect.fnUntraced(function* (named: string | undefined, ignored: ReadonlyArray<string>) {
  const given = yield* options
  const { between, ignoring } = yield* compared(ignored, given)
  const snapshot = yield* fileOf(named, given)
  const changes = between(yield* SnapshotFile.read(snapshot), yield* snapshotOfDatabase(given))
  const json = { snapshot, changes: changes.map(changeEntry) }
  if (changes.length === 0) return done(json, `the schema is as ${snapshot} says${ignoring}`)
  const lines = changeLines(yield* paint, changes)
  const text = `${lines}\n\n${differences(changes)} from ${snapshot}${ignoring}: ${advice}`
  return { ...done(json, text), code: exitCodes.drift }
})

export const verify = Command.make(
  "verify",
  {
    snapshot: Flag.String("snapshot").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(`What the schema has to be. Default: ${snapshotName} in the directory of the migrations`),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    ),
    ignore
  },
  ({ ignore, snapshot }) => answering(check(snapshot, ignore))
).pipe(
  Command.withDescription("Compare the database with the snapshot that was committed; exits with 4 if it has drifted")
)
