/** What two schemas differ in, as JSON and as lines for a person. */
import * as CliOutput from "effect/cli/CliOutput"
import type { Difference } from "../../../schema/Difference.ts"
import { type Colour, count, type Paint } from "../table.ts"

export const changeEntry = ({ attribute, change, detail, from, kind, object, to }: Difference) => ({
  kind,
  object,
  change,
  attribute,
  from,
  to,
  detail
})

const signs: Readonly<Record<Difference["change"], readonly [sign: string, colour: Colour]>> = {
  added: ["+", "green"],
  removed: ["-", "red"],
  changed: ["~", "yellow"]
}

/** Longer names push what stands behind them to the right. */
const widest = 48

const padded = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - CliOutput.displayWidth(text)))

const widthOf = (texts: ReadonlyArray<string>): number =>
  Math.min(widest, Math.max(0, ...texts.map((text) => CliOutput.displayWidth(text))))

/** One line each: `+` what is more, `-` what is missing, `~` what is otherwise. */
export const changeLines = (paint: Paint, changes: ReadonlyArray<Difference>): string => {
  const [kinds, objects] = [widthOf(changes.map(({ kind }) => kind)), widthOf(changes.map(({ object }) => object))]
  return changes
    .map(({ change, detail, kind, object }) => {
      const [sign, colour] = signs[change]
      return `${paint(colour, sign)} ${paint("dim", padded(kind, kinds))}  ${padded(object, objects)}  ${detail}`.trimEnd()
    })
    .join("\n")
}

export const differences = (changes: ReadonlyArray<Difference>): string => count(changes.length, "difference")
