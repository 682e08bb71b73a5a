/** `pgkeel migrate new`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { fromDirectory } from "../../../migration/internal/directory.ts"
import type { DirectorySource } from "../../../migration/MigrationSource.ts"
import { own } from "../../../migration/MigrationSource.ts"
import { answering, done } from "../answer.ts"
import { options } from "../database.ts"
import { failUsage } from "../failure.ts"
import { toggle } from "../flags.ts"
import { fileNameOf, filesOf, type Form, nextId } from "../newFile.ts"
import { defaultNamespace } from "../sources.ts"

/** The one directory that is meant; one that is not there yet is made. */
const target = Effect.gen(function* () {
  const { sources } = yield* options
  const directories = sources.flatMap((source) => (source !== own && "directory" in source ? [source] : []))
  const [first, ...others] = directories
  if (others.length > 0) {
    const names = directories.map(({ namespace }) => namespace).join(", ")
    return yield* failUsage(`there are several directories (${names}): say by one --dir where the migration belongs`)
  }
  return first ?? ({ namespace: defaultNamespace, directory: "migrations" } satisfies DirectorySource)
})

const pathOfDirectory = Effect.fnUntraced(function* ({ directory }: DirectorySource) {
  const path = yield* Path.Path
  return directory instanceof URL ? yield* path.fromFileUrl(directory) : path.resolve(directory)
})

const idsIn = Effect.fnUntraced(function* (source: DirectorySource, directory: string) {
  const files = yield* FileSystem.FileSystem
  yield* files.makeDirectory(directory, { recursive: true })
  const migrations = yield* fromDirectory(source)
  return migrations.map(({ id }) => id)
})

const create = Effect.fnUntraced(function* (given: string, form: Form) {
  const { relative, resolve, join } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  const name = fileNameOf(given)
  if (name === "") return yield* failUsage("the name has no letter and no digit: give one such as add_orders")
  const source = yield* target
  const directory = yield* pathOfDirectory(source)
  const id = nextId(yield* idsIn(source, directory), yield* DateTime.now)
  const texts = Object.entries(filesOf(form, id, name))
  const created = texts.map(([file]) => relative(resolve("."), join(directory, file)))
  yield* Effect.forEach(
    texts,
    // Somebody else may make the same one at the same moment: a file that is there stays as it is.
    ([file, text]) => files.writeFileString(join(directory, file), text, { flag: "wx" }),
    { discard: true }
  )
  return done({ namespace: source.namespace, id, name, created }, created.map((file) => `created ${file}`).join("\n"))
})

const formOf = Effect.fnUntraced(function* (module: boolean, sections: boolean) {
  if (module && sections) return yield* failUsage("give one of --module and --sections: they say what is made")
  return module ? "module" : sections ? "sections" : "files"
})

export const newMigration = Command.make(
  "new",
  {
    name: Argument.String("NAME").pipe(Argument.withDescription("What it does, such as add_orders")),
    module: toggle("module", "Make an Effect module, ID_NAME.ts"),
    sections: toggle("sections", "Make one file with the sections up and down, ID_NAME.sql")
  },
  ({ module, name, sections }) => answering(Effect.flatMap(formOf(module, sections), (form) => create(name, form)))
).pipe(
  Command.withDescription("Make the files of a new migration, with the next number or the time as its id"),
  Command.withExamples([{ command: "pgkeel migrate new add_orders" }])
)
