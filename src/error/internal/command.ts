/**
 * What a statement does to its transaction, as far as its text tells. One that is
 * no statement at all does nothing: the server refuses it.
 */

const blank = /(?:\s|--[^\n]*)*/uy
const bracket = /\/\*|\*\//gu

/** Comments nest (manual, 4.1.5). */
const endOfComment = (statement: string, start: number): number => {
  let depth = 0
  bracket.lastIndex = start
  for (let found = bracket.exec(statement); found !== null; found = bracket.exec(statement)) {
    depth += found[0] === "/*" ? 1 : -1
    if (depth === 0) return bracket.lastIndex
  }
  return statement.length
}

/** Where the first word begins, behind white space and comments. */
const startOf = (statement: string): number => {
  // A small letter or a capital: most statements begin at their beginning.
  const first = statement.charCodeAt(0) | 0x20
  if (first >= 0x61 && first <= 0x7a) return 0
  let at = 0
  for (;;) {
    blank.lastIndex = at
    at += blank.exec(statement)?.[0].length ?? 0
    if (!statement.startsWith("/*", at)) return at
    at = endOfComment(statement, at)
  }
}

/** Told by the first letter, since every statement is asked; what begins with a comment or white space may be anything. */
const mayBegin = (statement: string, letter: string): boolean => {
  const first = statement.charCodeAt(0) | 0x20
  return first === letter.charCodeAt(0) || first < 0x61 || first > 0x7a
}

const startsWith = (pattern: RegExp, statement: string): boolean => {
  pattern.lastIndex = startOf(statement)
  return pattern.test(statement)
}

const ends =
  /(?:commit|end|abort|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)|prepare\s+transaction)\b(?!\s+prepared\b)/iuy
const commits = /(?:commit|end|prepare)\b/iuy
const calls = /call\b/iuy
const does = /do\b/iuy
const reads = /(?:select|show|values|table|explain|listen|set|reset|discard|deallocate|prepare)\b/iuy

const copies = /copy\b/iuy
const unspoken = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//gu

/** Whether it is a COPY whose rows come from the client or go to it: not one with a file or a program of the server. */
export const copiesWithClient = (statement: string): boolean =>
  mayBegin(statement, "c") &&
  startsWith(copies, statement) &&
  /\b(?:from\s+stdin|to\s+stdout)\b/iu.test(statement.replace(unspoken, " "))

/** Whether it ends the transaction in which it runs, by commit, by rollback, or by handing it over to whoever commits it. */
export const endsTransaction = (statement: string): boolean => startsWith(ends, statement)

/** Whether it may commit the transaction in which it runs. */
export const mayCommit = (statement: string): boolean => startsWith(commits, statement)

/** Whether, outside of a transaction, it may have committed a part of what it does before it failed. */
export const mayCommitWithin = (statement: string): boolean =>
  startsWith(calls, statement) || (startsWith(does, statement) && /\b(?:commit|call|execute)\b/iu.test(statement))

/**
 * Whether nothing of it stays that running it again would add to. A function that a
 * SELECT calls is taken for one that reads: what writes is told by its command.
 */
export const onlyReads = (statement: string): boolean => startsWith(reads, statement)
