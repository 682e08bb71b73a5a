/** What to do about an entry whose name has none of the forms of a migration: most often, which name was meant. */
import { idForm } from "./migration.ts"

const forms =
  "a migration is a file <id>_<name>.up.sql with an optional <id>_<name>.down.sql, a file <id>_<name>.sql with the " +
  "sections `-- migrate:up` and `-- migrate:down`, a folder <id>_<name> with up.sql, a module <id>_<name>.ts, .js or " +
  ".mjs, or a repeatable R__<name>.sql"

const module = new RegExp(String.raw`^${idForm}_.+\.(?:ts|js|mjs)$`, "su")

export const advice = (entry: string): string => {
  const wanted = meant(entry)
  if (/^R__.+\.[cm]?[jt]s$/su.test(entry)) return "a repeatable migration is SQL, R__<name>.sql; give a module an id"
  if (wanted !== undefined) return `rename it to ${wanted}`
  return /^\d/u.test(entry)
    ? `${forms}; rename it, or move it to another folder`
    : `its name begins with no id; ${forms}`
}

/** The name that was probably meant: another separator, `.uo.sql` for `.up.sql`, Flyway's form, or no direction at all. */
const meant = (entry: string): string | undefined => {
  const [, repeated] = /^R_+(?=[^_])(.+)\.sql$/isu.exec(entry) ?? []
  if (repeated !== undefined) return `R__${repeated}.sql`
  const [, letter, version, description] = /^([VU])(\d+)__(.+)\.sql$/isu.exec(entry) ?? []
  if (letter !== undefined) return `${version}_${description}.${letter.toUpperCase() === "V" ? "up" : "down"}.sql`
  if (module.test(entry)) return entry
  const [, id, name] = noDirection.exec(entry) ?? []
  return id === undefined || name === undefined ? undefined : `${id}_${withDirection(name)}.sql`
}

const noDirection = new RegExp(String.raw`^(${idForm})[_-]+([^._-].*)\.sql$`, "isu")

/** Of a file that has no sections. */
export const adviceOnSections = (id: string, name: string): string => {
  const wanted = `rename it to ${id}_${withDirection(name)}.sql`
  const [, last] = /^.+\.([^.]+)$/su.exec(name) ?? []
  return last !== undefined && direction(last) !== undefined
    ? wanted
    : `it has no line \`-- migrate:up\`; put one above its statements, or ${wanted}`
}

/** Of a file with sections that has no place for them. */
export const adviceOnStray = (path: string, kind: string, part: string): string => {
  const file = path.replace(/^.*[\\/]/su, "")
  if (kind === "repeatable") return "a repeatable migration has no sections: remove them"
  const [, named] = /^(.+)\.up\.sql$/su.exec(file) ?? []
  return named === undefined || part !== "up"
    ? "put each direction into a file of its own, without such lines"
    : `rename it to ${named}.sql, which has both, or move the other direction to ${named}.down.sql`
}

export const adviceOnRepeatable = (id: string, part: "up" | "down"): string =>
  part === "up"
    ? `rename it to ${id}.sql`
    : "a repeatable migration has no down: it is run again when it has changed; remove it"

export const adviceInFolder = (entry: string): string => {
  const [, base = "", ending] = /^(.*)\.([^.]+)$/su.exec(entry) ?? []
  const part = (["up", "down", "verify"] as const).find((word) => isNear(base, word))
  return part === undefined || ending?.toLowerCase() !== "sql"
    ? "a folder that is a migration has an up.sql, and may have a down.sql and a verify.sql; move it to another folder"
    : `rename it to ${part}.sql`
}

const withDirection = (name: string): string => {
  const [, rest, last = ""] = /^(.+)\.([^.]+)$/su.exec(name) ?? []
  const wanted = rest === undefined ? undefined : direction(last)
  return wanted === undefined ? `${name}.up` : `${rest}.${wanted}`
}

const direction = (text: string): "up" | "down" | "verify" | undefined =>
  /^(?:undo|rollback|revert|rev)$/iu.test(text)
    ? "down"
    : (["up", "down", "verify"] as const).find((word) => isNear(text, word))

/** Whether it is the word but for case and one slip: a letter too few, too many, wrong, or two swapped. */
export const isNear = (text: string, word: string): boolean => {
  const slips = withoutOne(word)
  return withoutOne(text.toLowerCase()).some((slip) => slips.includes(slip))
}

const withoutOne = (text: string): ReadonlyArray<string> => [
  text,
  ...Array.from(text, (_, i) => text.slice(0, i) + text.slice(i + 1))
]
