/**
 * Tells from an entry's name what it is. Nothing that looks like a migration is
 * passed over in silence: what begins with an id, and everything that is SQL,
 * either has one of the known forms or is refused.
 *
 * What lies beside migrations is passed over: documents and data, what a
 * compiler writes, what an editor or a merge leaves behind. `2_b.up.sql.txt` is
 * none of these: its ending hides a migration.
 */
import { advice, adviceInFolder, adviceOnRepeatable } from "./fileAdvice.ts"
import { idForm } from "./migration.ts"

/** What a file of SQL has of its migration. `sections` are up and down in one file. */
export type Part = "up" | "down" | "verify" | "sections"

export type Entry =
  /** The id of a repeatable one is `R__<name>`. */
  | {
      readonly _tag: "Sql"
      readonly kind: "sql" | "repeatable"
      readonly id: string
      readonly name: string
      readonly part: Part
    }
  | { readonly _tag: "Module"; readonly id: string; readonly name: string }
  /** It is a migration if it is a folder, and otherwise refused for the problem. */
  | { readonly _tag: "Folder"; readonly id: string; readonly name: string; readonly problem: string }
  /** No migration, unless it is a folder that holds one. */
  | { readonly _tag: "Unnamed" }
  | Passed

type Passed =
  /** No migration, such as a README. */
  { readonly _tag: "Other" } | { readonly _tag: "Refused"; readonly problem: string }

const sqlForm = new RegExp(String.raw`^(${idForm})_(.+)\.(up|down|verify)\.sql$`, "su")
const moduleForm = new RegExp(String.raw`^(${idForm})_(.+)\.(?:ts|js|mjs)$`, "su")
const sectionsForm = new RegExp(String.raw`^(${idForm})_([^.].*)\.sql$`, "su")
const folderForm = new RegExp(String.raw`^(${idForm})[_-](.+)$`, "su")
const directedModule = new RegExp(String.raw`^(${idForm}_.+)\.(?:up|down|verify)\.(ts|js|mjs)$`, "su")
const repeatableForm = /^(R__(.+?))(?:\.(up|down|verify))?\.sql$/su
const leftBehind = /^\.|~$|\.(?:d\.[cm]?ts|map|orig|rej|bak|sw[a-z])$/iu
const document = /\.(?:md|txt|csv|tsv|json|ya?ml)$/iu
const script = /\.(?:p?sql|pgsql|[cm]?[jt]s|[jt]sx|sh|py)$/iu
const sql = /\.(?:p?sql|pgsql)$/iu
const idThenMore = /^\d+[_-]/u

export const parseEntry = (entry: string): Entry => {
  if (leftBehind.test(entry)) return other
  const known = migrationFile(entry)
  if (known !== undefined) return known
  const hidden = entry.replace(document, "")
  if (hidden !== entry) return looksLikeOne(hidden) ? refused(advice(hidden)) : other
  const folder = folderForm.exec(entry)
  if (folder !== null) {
    const [, id = "", name = ""] = folder
    return { _tag: "Folder", id, name, problem: advice(entry) }
  }
  return idThenMore.test(entry) || looksLikeOne(entry) ? refused(advice(entry)) : { _tag: "Unnamed" }
}

/**
 * What is wrong with a folder that has no id in its name and holds a migration. One with whole migrations in it is
 * another directory, which a source of its own may read.
 */
export const problemOfUnnamed = (folder: string, entries: ReadonlyArray<string>): string | undefined => {
  const part = entries.find((entry) => parseFolderEntry(entry)._tag === "Part")
  return part && `it has ${part}, and its name begins with no id; rename it to <id>_${folder}`
}

const migrationFile = (entry: string): Entry | undefined => {
  const sqlName = sqlForm.exec(entry)
  if (sqlName !== null) {
    const [, id = "", name = "", part] = sqlName
    return { _tag: "Sql", kind: "sql", id, name, part: part === "up" || part === "down" ? part : "verify" }
  }
  const repeatable = repeatableForm.exec(entry)
  if (repeatable !== null) {
    const [, id = "", name = "", part] = repeatable
    if (part === "up" || part === "down") return refused(adviceOnRepeatable(id, part))
    return { _tag: "Sql", kind: "repeatable", id, name, part: part === undefined ? "up" : "verify" }
  }
  const [, id, name = ""] = sectionsForm.exec(entry) ?? []
  if (id !== undefined) return { _tag: "Sql", kind: "sql", id, name, part: "sections" }
  const [, both, ending] = directedModule.exec(entry) ?? []
  if (both !== undefined)
    return refused(`a module exports \`up\`, \`down\` and \`verify\`: rename it to ${both}.${ending}`)
  const [, moduleId, moduleName = ""] = moduleForm.exec(entry) ?? []
  return moduleId === undefined ? undefined : { _tag: "Module", id: moduleId, name: moduleName }
}

/** What an entry is inside a folder that is one migration. */
export const parseFolderEntry = (
  entry: string
): Passed | { readonly _tag: "Part"; readonly part: Exclude<Part, "sections"> } => {
  const [part] = /^(?:up|down|verify)(?=\.sql$)/u.exec(entry) ?? []
  if (part === "up" || part === "down" || part === "verify") return { _tag: "Part", part }
  if (leftBehind.test(entry)) return other
  const hidden = entry.replace(document, "")
  return script.test(hidden) ? refused(adviceInFolder(hidden)) : other
}

const other: Passed = { _tag: "Other" }

const refused = (problem: string): Passed => ({ _tag: "Refused", problem })

const looksLikeOne = (entry: string): boolean => sql.test(entry) || (/^(?:\d|R__)/u.test(entry) && script.test(entry))
