/** The known name that a name which is not known is likely to stand for. */

/** How many letters were left out, put in, exchanged, or swapped with their neighbour. */
const distance = (a: string, b: string): number => {
  let last: ReadonlyArray<number> = []
  let row: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (last[j - 2] ?? 0) + 1 : exchanged
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, exchanged, swapped))
    }
    last = row
    row = next
  }
  return row[b.length] ?? 0
}

/** Of a short name two letters are too much of it to tell what was meant. */
const tolerance = (name: string): number => (name.length < 6 ? 1 : 2)

const near = (given: string, known: ReadonlyArray<string>): string | undefined => {
  const written = given.toLowerCase()
  let best: { readonly name: string; readonly away: number } | undefined
  for (const name of known) {
    if (Math.abs(name.length - given.length) > 2) continue
    const away = distance(written, name.toLowerCase())
    if (away <= tolerance(name) && away < (best?.away ?? 3)) best = { name, away }
  }
  return best?.name
}

/** `migrationPolicies` as ` migration policy `. */
const wordsOf = (name: string): string => {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return ` ${words.map((word) => word.replace(/ies$/, "y").replace(/s$/, "")).join(" ")} `
}

const isWithin = (short: string, long: string): boolean =>
  short.trim().length > 2 && (long.includes(short) || long.startsWith(short.trimEnd()))

/** The only one that is `given` in another number, or else has it for a part or a beginning, or else is a part of it. */
const kindred = (given: string, known: ReadonlyArray<string>): string | undefined => {
  const words = wordsOf(given)
  const kinships: ReadonlyArray<(other: string) => boolean> = [
    (other) => other === words,
    (other) => isWithin(words, other),
    (other) => isWithin(other, words)
  ]
  const kin = kinships.map((isKin) => known.filter((name) => isKin(wordsOf(name)))).find((found) => found.length > 0)
  return kin?.length === 1 ? kin[0] : undefined
}

/**
 * The nearest of `known`, at most two letters away; capitals do not count. Where there
 * is none, the only one that has a part of its name in common.
 */
export const nearest = (given: string, known: Iterable<string>): string | undefined => {
  const names = [...known]
  return near(given, names) ?? kindred(given, names)
}

/** `did you mean actor?`, or nothing. */
export const didYouMean = (given: string, known: Iterable<string>): string | undefined => {
  const name = nearest(given, known)
  return name === undefined ? undefined : `did you mean ${name}?`
}
