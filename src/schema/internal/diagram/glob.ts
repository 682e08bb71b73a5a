/** Patterns of names: `*` stands for any characters, `?` for one, and everything else for itself. */

const toRegExp = (pattern: string): RegExp => {
  const body = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
  return new RegExp(`^${body}$`, "su")
}

/** Whether one of the patterns fits the whole name. */
export const matchesAny = (patterns: ReadonlyArray<string>, name: string): boolean =>
  patterns.some((pattern) => toRegExp(pattern).test(name))
