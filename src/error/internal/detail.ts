/**
 * The columns in a constraint violation's detail.
 *
 * The server writes `(a, b)=(1, 2)` into a sentence in its own language. The
 * parentheses and the equals sign are the same in all of them, so only they are
 * looked at; what stands to the right are values and is not touched.
 */
export const columnsOf = (detail: string | undefined): ReadonlyArray<string> => {
  const end = detail?.indexOf(")=(") ?? -1
  const start = detail?.indexOf("(") ?? -1
  return detail === undefined || end < 0 || start > end ? [] : split(detail.slice(start + 1, end)).map(unquote)
}

/** Commas separate columns, but not within an expression or a quoted name. */
const split = (list: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let depth = 0
  let quoted = false
  let from = 0
  for (let index = 0; index < list.length; index++) {
    const character = list[index]
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === "(") depth++
    else if (character === ")") depth--
    else if (character === "," && depth === 0) {
      parts.push(list.slice(from, index).trim())
      from = index + 1
    }
  }
  parts.push(list.slice(from).trim())
  return parts
}

const unquote = (name: string): string =>
  /^"(?:[^"]|"")*"$/u.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name
