/** Text for a terminal: columns that line up, colours where they are wanted, and words for durations and numbers. */
import * as CliOutput from "effect/cli/CliOutput"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export type Colour = "bold" | "dim" | "green" | "red" | "yellow"

const codes: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39]
}

export type Paint = (colour: Colour, text: string) => string

const plain: Paint = (_, text) => text

const coloured: Paint = (colour, text) => `\u001B[${codes[colour][0]}m${text}\u001B[${codes[colour][1]}m`

/** Colours on a terminal, unless NO_COLOR forbids them or FORCE_COLOR demands them elsewhere. */
export const paint = Effect.map(TerminalCapabilities, ({ canColor }): Paint => (canColor ? coloured : plain))

const width = (cell: string): number => CliOutput.displayWidth(cell)

/** Cells by rows, the first of which is the heading. A column of numbers is aligned on the right. */
export const table = (
  paint: Paint,
  heading: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlyArray<number> = []
): string => {
  const widths = heading.map((name, column) => Math.max(width(name), ...rows.map((row) => width(row[column] ?? ""))))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => {
        const space = " ".repeat((widths[column] ?? 0) - width(cell))
        return right.includes(column) ? space + cell : cell + space
      })
      .join("  ")
      .trimEnd()
  return [paint("bold", line(heading)), ...rows.map(line)].join("\n")
}

/** 3 ms, 1.2 s, 2 min 5 s. */
export const took = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`
  const seconds = Math.round(millis / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** 2026-11-25 12:01:18Z, so that columns of it line up. */
export const moment = (instant: DateTime.Utc): string =>
  DateTime.formatIso(instant)
    .replace("T", " ")
    .replace(/\.\d+Z$/u, "Z")

/** `1 migration`, `2 migrations`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`
