/**
 * The text of an environment file, as `node --env-file` and `sh` both read it.
 *
 * The two agree on less than it seems: Node has no way to escape a quote inside
 * quotes and never expands `$`; a shell expands `$`, backquotes and backslashes
 * in double quotes. A value is written in the form that means the same to both,
 * or not at all.
 */
import * as Effect from "effect/Effect"
import { CredentialError, EnvFileValue } from "../CredentialError.ts"

interface Entry {
  /** The variable that the entry assigns, if it assigns one. */
  readonly variable: string | undefined
  /** As it stands in the file, with its line ending; a quoted value may span lines. */
  readonly text: string
}

const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/
const entryPattern =
  /(?:[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?:'[^']*'|"(?:[^"\\]|\\[^])*"|`[^`]*`)?)?[^\n]*(?:\n|$)/y

/** One assignment, quoted. Fails with `EnvFileValue` for what the two readers would not read alike. */
export const assignment = (variable: string, value: string): Effect.Effect<string, CredentialError> => {
  if (!variablePattern.test(variable)) return refuse(variable, "its name must be letters, digits and underscores")
  if (/[\n\r\0]/.test(value)) return refuse(variable, "its value has a line break or a zero character")
  if (!value.isWellFormed()) return refuse(variable, "its value is not well-formed Unicode")
  if (!value.includes("'")) return Effect.succeed(`${variable}='${value}'\n`)
  return /["$`\\]/.test(value)
    ? refuse(variable, 'its value has a single quote together with one of " $ ` \\, which no quoting expresses for all')
    : Effect.succeed(`${variable}="${value}"\n`)
}

/** `contents` with the assignments in place of the old ones, or at the end; every other line stays as it is. */
export const merge = (contents: string, assignments: ReadonlyMap<string, string>): string => {
  const written = new Set<string>()
  const kept: Array<string> = []
  for (const entry of entriesOf(contents)) {
    const replacement = entry.variable === undefined ? undefined : assignments.get(entry.variable)
    if (entry.variable === undefined || replacement === undefined) kept.push(entry.text)
    else if (!written.has(entry.variable)) {
      written.add(entry.variable)
      kept.push(replacement)
    }
  }
  const added = [...assignments].filter(([variable]) => !written.has(variable)).map(([, text]) => text)
  const last = kept.at(-1)
  const separator = added.length > 0 && last !== undefined && !last.endsWith("\n") ? "\n" : ""
  return kept.join("") + separator + added.join("")
}

const entriesOf = (contents: string): ReadonlyArray<Entry> => {
  const entries: Array<Entry> = []
  let offset = 0
  while (offset < contents.length) {
    entryPattern.lastIndex = offset
    const match = entryPattern.exec(contents)
    // The pattern matches any line, so that there is always a match of at least one character.
    const text = match?.[0] ?? contents.slice(offset)
    entries.push({ variable: match?.[1], text })
    offset += text.length
  }
  return entries
}

const refuse = (variable: string, description: string) =>
  Effect.fail(new CredentialError({ reason: new EnvFileValue({ variable, description }) }))
