/**
 * Tells from an entry's name what it is. Nothing that looks like a migration is
 * passed over in silence: what begins with a digit and is a script or a folder,
 * and everything that is SQL, either has one of the known forms or is refused.
 */

export type Entry =
  | { readonly _tag: "Sql"; readonly id: string; readonly name: string; readonly direction: "up" | "down" }
  | { readonly _tag: "Module"; readonly id: string; readonly name: string }
  /** No migration, such as a README. */
  | { readonly _tag: "Other" }
  /** Something to refuse if it is a directory, and to ignore if it is not. */
  | { readonly _tag: "Folder"; readonly problem: string }
  | { readonly _tag: "Refused"; readonly problem: string }

const sqlForm = /^(\d+)_(.+)\.(up|down)\.sql$/su
const moduleForm = /^(\d+)_(.+)\.(?:ts|js|mjs)$/su
const ignored = /^\.|~$|\.(?:d\.[cm]?ts|map|md|txt|orig|rej|swp)$/iu
const script = /\.(?:sql|[cm]?[jt]s|[jt]sx|sh|py|psql|pgsql)$/iu

export const parseEntry = (entry: string): Entry => {
  if (ignored.test(entry)) return { _tag: "Other" }
  const sql = sqlForm.exec(entry)
  if (sql !== null) {
    const [, id = "", name = "", direction] = sql
    return { _tag: "Sql", id, name, direction: direction === "up" ? "up" : "down" }
  }
  const module = moduleForm.exec(entry)
  if (module !== null) {
    const [, id = "", name = ""] = module
    return { _tag: "Module", id, name }
  }
  if (/^\d/u.test(entry) && script.test(entry)) return { _tag: "Refused", problem: advice(entry) }
  if (/\.(?:sql|psql|pgsql)$/iu.test(entry)) return { _tag: "Refused", problem: advice(entry) }
  return /^\d+[_-]/u.test(entry) ? { _tag: "Folder", problem: `${forms}; a folder is not a migration` } : other
}

const other: Entry = { _tag: "Other" }

const forms =
  "a migration is <id>_<name>.up.sql with an optional <id>_<name>.down.sql, or a module <id>_<name>.ts, .js or .mjs"

const advice = (entry: string): string => {
  const plain = /^(\d+)_(.+)\.sql$/isu.exec(entry)
  if (plain !== null && !/\.(?:up|down)$/iu.test(plain[2] ?? "")) {
    return `rename it to ${plain[1]}_${plain[2]}.up.sql`
  }
  return /^\d/u.test(entry) ? forms : `its name begins with no id; ${forms}`
}
