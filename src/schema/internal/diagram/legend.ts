/** What stands above the tables: what is shown, the schemas by their colours, and how to read the lines. */
import { fontSize } from "./boxes.ts"
import { textWidth } from "./metrics.ts"
import type { Model } from "./model.ts"
import { escape, printable } from "./xml.ts"

export interface Legend {
  readonly svg: string
  readonly width: number
  /** With the space below it. */
  readonly height: number
}

interface Entry {
  readonly svg: (x: number, y: number) => string
  readonly width: number
}

const gap = 28

const labelled = (text: string, before: number, sign: (x: number, y: number) => string): Entry => ({
  width: before + textWidth(printable(text), fontSize),
  svg: (x, y) => `${sign(x, y)}<text class="note" x="${x + before}" y="${y + 4}">${escape(text)}</text>`
})

const line =
  (marks: (x: number, y: number) => string, kind = "line") =>
  (x: number, y: number) =>
    `<g class="sample"><path class="${kind}" d="M${x} ${y}h38"/>${marks(x, y)}</g>`

const lines: ReadonlyArray<Entry> = [
  labelled(
    "refers to",
    46,
    line((x, y) => `<path class="arrow" d="M${x + 38} ${y}l-9 -4.5v9z"/>`)
  ),
  labelled(
    "any number of rows",
    46,
    line((x, y) => `<path class="foot" d="M${x} ${y - 5}l11 5l-11 5"/>`)
  ),
  labelled(
    "at most one row",
    46,
    line((x, y) => `<path class="foot" d="M${x + 8} ${y - 5}v10"/>`)
  ),
  labelled(
    "may be null",
    46,
    line(() => "", "line optional")
  )
]

const bracket = labelled(
  "one key",
  16,
  (x, y) => `<g class="sample"><path class="bracket" d="M${x + 8} ${y - 6}H${x + 3}v12h5"/></g>`
)

const signsOf = (relations: Model["relations"]): ReadonlyArray<Entry> => [
  ...(relations.length > 0 ? lines : []),
  ...(relations.some(({ columns }) => columns.length > 1) ? [bracket] : [])
]

const schemaEntry = ({ colour, name }: { readonly name: string; readonly colour: number }): Entry =>
  labelled(
    name,
    22,
    (x, y) =>
      `<rect class="head h${colour}" x="${x}" y="${y - 7}" width="14" height="14" rx="3"/>` +
      `<rect class="frame h${colour}" x="${x}" y="${y - 7}" width="14" height="14" rx="3"/>`
  )

/** Entries beside each other, in as many rows as they need. */
const flow = (entries: ReadonlyArray<Entry>, limit: number, top: number) => {
  let [x, y, width] = [0, top, 0]
  const parts: Array<string> = []
  for (const entry of entries) {
    if (x > 0 && x + entry.width > limit) [x, y] = [0, y + 24]
    parts.push(entry.svg(x, y))
    width = Math.max(width, x + entry.width)
    x += entry.width + gap
  }
  return { svg: parts.join(""), width, bottom: entries.length === 0 ? top - 24 : y }
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

export const legendOf = (
  model: Model,
  title: string,
  schemas: ReadonlyArray<{ readonly name: string; readonly colour: number }>,
  limit = 760
): Legend => {
  const { entities, relations } = model
  const counts = `${counted(entities.length, "table", "tables")}, ${counted(relations.length, "foreign key", "foreign keys")}`
  const colours = flow(model.qualified ? schemas.map(schemaEntry) : [], limit, 72)
  const signs = flow(signsOf(relations), limit, colours.bottom + 24)
  const heading = textWidth(printable(title), 18)
  return {
    svg:
      `<text class="heading" x="0" y="18">${escape(title)}</text><text class="note" x="0" y="44">${counts}</text>` +
      colours.svg +
      signs.svg,
    width: Math.max(heading, textWidth(counts, fontSize), colours.width, signs.width),
    height: signs.bottom + 48
  }
}
