/** What lint finds, as JSON and as a compiler says it. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { decodeText } from "../../migration/internal/checksum.ts"
import type { LintFinding } from "../../migration/Migrator.ts"
import { excerptAt } from "./excerpt.ts"
import { count, type Paint } from "./table.ts"

export const findingEntry = ({ column, file, fix, line, message, reason, rule }: LintFinding) => ({
  rule,
  file,
  line,
  column,
  message,
  reason,
  fix
})

const indented = (text: string, by: string): string =>
  text
    .split("\n")
    .map((line) => (line === "" ? "" : by + line))
    .join("\n")

const shown = (paint: Paint, finding: LintFinding, text: string | undefined): string => {
  const { column, file, fix, line, message, reason, rule } = finding
  const place = text === undefined ? undefined : excerptAt(text, line, column)
  return [
    `${paint("bold", `${file}:${line}:${column}:`)} ${paint("red", rule)}: ${message}`,
    ...(place === undefined ? [] : [indented(place, "  ")]),
    indented(reason, "  "),
    `  ${paint("green", "write instead:")}`,
    indented(fix, "    ")
  ].join("\n")
}

/** Each with its line of the file and a caret. */
export const findingsText = Effect.fnUntraced(function* (paint: Paint, findings: ReadonlyArray<LintFinding>) {
  const files = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  const texts = new Map<string, string | undefined>()
  for (const { file } of findings) {
    if (texts.has(file)) continue
    const read = Effect.map(files.readFile(resolve(file)), decodeText)
    texts.set(file, yield* Effect.orElseSucceed(read, () => undefined))
  }
  return findings.map((finding) => shown(paint, finding, texts.get(finding.file))).join("\n\n")
})

export const findingsSummary = (findings: ReadonlyArray<LintFinding>, files: number): string => {
  const looked = count(files, "file")
  if (findings.length === 0) return `no findings in ${looked}`
  const withOne = new Set(findings.map(({ file }) => file)).size
  return `${count(findings.length, "finding")} in ${withOne} of ${looked}`
}
