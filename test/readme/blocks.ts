/**
 * The README's code blocks, with what the comments before them ask for. The
 * comments are HTML, so that a reader does not see them:
 *
 *   <!-- run: name -->               runs the Effect that the module calls `name`
 *   <!-- run: process, a/file.ts --> is the same as that file, which runs as a process
 *   <!-- file: path -->              is a file of the application that the others are about
 */
export interface Block {
  /** The line of the README on which the code begins, counted from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
  readonly run: string | undefined
  readonly file: string | undefined
  /** What it prints: the `text` block between it and the next code. */
  readonly prints: string | undefined
}

const fence = /^(?:<!-- (run|file): (.+) -->\n+)?```(\w*)\n([\s\S]*?)^```$/gmu

export const blocksOf = (readme: string): ReadonlyArray<Block> => {
  const found = Array.from(readme.matchAll(fence), (match) => {
    const [whole, directive, argument, language = "", text = ""] = match
    const before = readme.slice(0, match.index + whole.indexOf("```"))
    return {
      line: before.split("\n").length + 1,
      language,
      text,
      run: directive === "run" ? argument : undefined,
      file: directive === "file" ? argument : undefined
    }
  })
  return found.map((block, index) => {
    const later = found.slice(index + 1)
    const next = later.findIndex(({ language }) => language === "ts")
    const output = (next < 0 ? later : later.slice(0, next)).find(({ language }) => language === "text")
    return { ...block, prints: block.run === undefined ? undefined : output?.text }
  })
}

/** The cells of the table that has this heading above its first column. */
export const tableOf = (readme: string, heading: string): ReadonlyArray<ReadonlyArray<string>> => {
  const lines = readme.split("\n")
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `))
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"))
  return lines.slice(start + 2, start + length).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim())
  )
}
