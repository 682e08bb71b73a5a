/** JSON that people write or merge, with the place at which it stops to be JSON. */
import * as Result from "effect/Result"
import { locate } from "../../error/internal/excerpt.ts"

const parse = (text: string): Result.Result<unknown, string> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (error) => (error instanceof Error ? error.message : String(error))
  })

const isAtToken = (text: string): boolean =>
  Result.match(parse(text), {
    onFailure: (message) => message.startsWith("Unexpected token"),
    onSuccess: () => false
  })

/**
 * V8 tells the place of most mistakes, and of a token that fits nowhere only the
 * token. It is the last character of the shortest beginning that is refused for it.
 */
const indexOf = (text: string, message: string): number => {
  const [, told] = / at position (\d+)/u.exec(message) ?? []
  if (told !== undefined) return Number(told)
  if (!message.startsWith("Unexpected token")) return text.trimEnd().length
  let [right, wrong] = [0, text.length]
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2)
    if (isAtToken(text.slice(0, middle))) wrong = middle
    else right = middle
  }
  return right
}

/** Without the place, which is told in lines, and without what the text holds, which may be a secret. */
const reasonOf = (message: string): string =>
  message
    .replace(/(?: in JSON)? at position .*$/su, "")
    .replace(/, (?:\.\.\.)?".*$/su, "")
    .replace(/ JSON input$/u, "")

/** What the text holds, or where and why it is no JSON, such as `line 3, column 1: Unexpected token '}'`. */
export const parseJson = (text: string): Result.Result<unknown, string> =>
  Result.mapError(parse(text), (message) => {
    const index = indexOf(text, message)
    const { column, line } = locate(text, Array.from(text.slice(0, index)).length + 1) ?? { line: 1, column: 1 }
    return `line ${line}, column ${column}: ${reasonOf(message)}`
  })
