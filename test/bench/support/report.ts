/** Figures as a table for a person and as JSON for a program. */
import type { Figure } from "./Benchmark.ts"

const columns = ["benchmark", "ours", "theirs", "ratio", "promised", "unit"]

const number = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1))

const promised = ({ ratio, target }: Figure): string => {
  if (target === undefined) return ""
  const [sign, limit, kept] =
    "atLeast" in target
      ? [">=", target.atLeast, ratio >= target.atLeast]
      : ["<=", target.atMost, ratio <= target.atMost]
  return `${sign} ${limit.toFixed(2)} ${kept ? "kept" : "missed"}`
}

const row = (figure: Figure): ReadonlyArray<string> => [
  figure.name,
  number(figure.ours),
  number(figure.theirs),
  figure.ratio.toFixed(3),
  promised(figure),
  figure.unit
]

export const table = (figures: ReadonlyArray<Figure>): string => {
  const rows = [columns, ...figures.map(row)]
  const widths = columns.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  const isNumber = (column: number) => column >= 1 && column <= 3
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
        )
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

export const byName = (figures: ReadonlyArray<Figure>) =>
  Object.fromEntries(
    figures.map(({ against, name, ours, ratio, theirs, unit }) => [name, { ratio, against, ours, theirs, unit }])
  )
