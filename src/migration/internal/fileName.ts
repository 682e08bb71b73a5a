/**
 * Tells from an entry's name what it is. Nothing that looks like a migration is
 * passed over in silence: what begins with an id, and everything that is SQL,
 * either has one of the known forms or is refused.
 *
 * What lies beside migrations is passed over: documents and data, what a
 * compiler writes, what an editor or a merge leaves behind. `2_b.up.sql.txt` is
 * none of these: its ending hides a migration.
 */

export type Entry =
  | { readonly _tag: "Sql"; readonly id: string; readonly name: string; readonly direction: "up" | "down" }
  | { readonly _tag: "Module"; readonly id: string; readonly name: string }
  /** No migration, such as a README. */
  | { readonly _tag: "Other" }
  | { readonly _tag: "Refused"; readonly problem: string }

const sqlForm = /^(\d+)_(.+)\.(up|down)\.sql$/su
const moduleForm = /^(\d+)_(.+)\.(?:ts|js|mjs)$/su
const leftBehind = /^\.|~$|\.(?:d\.[cm]?ts|map|orig|rej|bak|sw[a-z])$/iu
const document = /\.(?:md|txt|csv|tsv|json|ya?ml)$/iu
const script = /\.(?:p?sql|pgsql|[cm]?[jt]s|[jt]sx|sh|py)$/iu
const sql = /\.(?:p?sql|pgsql)$/iu
const id = /^\d+[_-]/u

export const parseEntry = (entry: string): Entry => {
  if (leftBehind.test(entry)) return other
  const sqlName = sqlForm.exec(entry)
  if (sqlName !== null) {
    const [, id = "", name = "", direction] = sqlName
    return { _tag: "Sql", id, name, direction: direction === "up" ? "up" : "down" }
  }
  const moduleName = moduleForm.exec(entry)
  if (moduleName !== null) {
    const [, id = "", name = ""] = moduleName
    return { _tag: "Module", id, name }
  }
  const hidden = entry.replace(document, "")
  if (hidden !== entry) return looksLikeOne(hidden) ? { _tag: "Refused", problem: advice(hidden) } : other
  return id.test(entry) || looksLikeOne(entry) ? { _tag: "Refused", problem: advice(entry) } : other
}

const other: Entry = { _tag: "Other" }

const looksLikeOne = (entry: string): boolean => sql.test(entry) || (/^\d/u.test(entry) && script.test(entry))

const forms =
  "a migration is a file <id>_<name>.up.sql with an optional <id>_<name>.down.sql, or a module <id>_<name>.ts, .js or .mjs"

const advice = (entry: string): string => {
  if (!/^\d/u.test(entry)) return `its name begins with no id; ${forms}`
  const wanted = meant(entry)
  return wanted === undefined ? `${forms}; rename it, or move it to another folder` : `rename it to ${wanted}`
}

/** The name that was probably meant: another separator, `.uo.sql` for `.up.sql`, or no direction at all. */
const meant = (entry: string): string | undefined => {
  if (sqlForm.test(entry) || moduleForm.test(entry)) return entry
  const [, number, name] = /^(\d+)[_-]([^.].*)\.sql$/isu.exec(entry) ?? []
  if (number === undefined || name === undefined) return undefined
  const [, rest = name, last] = /^(.+)\.([^.]+)$/su.exec(name) ?? []
  return `${number}_${last === undefined ? `${name}.up` : withDirection(rest, last)}.sql`
}

const withDirection = (name: string, last: string): string => {
  if (isNear(last, "up")) return `${name}.up`
  return isNear(last, "down") ? `${name}.down` : `${name}.${last}.up`
}

/** Whether it is the word but for case and one slip: a letter too few, too many, wrong, or two swapped. */
const isNear = (text: string, word: string): boolean => {
  const slips = withoutOne(word)
  return withoutOne(text.toLowerCase()).some((slip) => slips.includes(slip))
}

const withoutOne = (text: string): ReadonlyArray<string> => [
  text,
  ...Array.from(text, (_, i) => text.slice(0, i) + text.slice(i + 1))
]
