/** Everything that makes a diagram hard to read, found in the document that a reader gets. */
import type { Drawing, Point, Rectangle, ShownKey } from "./drawing.ts"
import { overlap, within } from "./drawing.ts"

const pairs = <A>(list: ReadonlyArray<A>): ReadonlyArray<readonly [A, A]> =>
  list.flatMap((a, index) => list.slice(index + 1).map((b) => [a, b] as const))

const overlappingTables = ({ tables }: Drawing): ReadonlyArray<string> =>
  pairs(tables)
    .filter(([a, b]) => overlap(a.box, b.box))
    .map(([a, b]) => `${a.title} covers ${b.title}`)

const clippedTexts = ({ page, tables }: Drawing): ReadonlyArray<string> =>
  tables.flatMap(({ box, texts, title }) => [
    ...texts.filter((text) => !within(text, box)).map(({ text }) => `"${text}" leaves the box of ${title}`),
    ...pairs(texts)
      .filter(([a, b]) => overlap(a, b))
      .map(([a, b]) => `"${a.text}" covers "${b.text}" in ${title}`),
    ...(within(box, page) ? [] : [`${title} leaves the page`])
  ])

export interface Segment extends Rectangle {
  readonly level: boolean
}

export const segmentsOf = ({ points }: ShownKey): ReadonlyArray<Segment> =>
  points.slice(1).map((b, index) => {
    const a = points[index] ?? b
    return {
      left: Math.min(a.x, b.x),
      right: Math.max(a.x, b.x),
      top: Math.min(a.y, b.y),
      bottom: Math.max(a.y, b.y),
      level: a.y === b.y
    }
  })

/** A line that lies on a side of a box goes through it as well. */
const through = (segment: Segment, { bottom, left, right, top }: Rectangle): boolean =>
  segment.left < right && segment.right > left && segment.top < bottom && segment.bottom > top

const coveredLines = ({ keys, page, tables }: Drawing): ReadonlyArray<string> =>
  keys.flatMap((key) =>
    segmentsOf(key).flatMap((segment) => [
      ...tables.filter(({ box }) => through(segment, box)).map(({ title }) => `${key.title} runs through ${title}`),
      ...(segment.left === segment.right || segment.level ? [] : [`${key.title} slants`]),
      ...(within(segment, page) ? [] : [`${key.title} leaves the page`])
    ])
  )

const touches = ({ x, y }: Point | Record<"x" | "y", undefined>, { bottom, left, right, top }: Rectangle): boolean =>
  x !== undefined && (x === left || x === right) && y > top && y < bottom

const nowhere = { x: undefined, y: undefined }

/** `a.b.column → c.d.column` and the constraint's name: the tables at both ends. */
const endsOf = ({ title }: ShownKey): ReadonlyArray<string> =>
  (title.split("\n")[0] ?? "").split(" → ").map((end) => end.replace(/\.(?:\([^)]*\)|[^.]*)$/, ""))

const looseEnds = ({ keys, tables }: Drawing): ReadonlyArray<string> =>
  keys.flatMap((key) => {
    const [from, to] = endsOf(key)
    const boxOf = (name: string | undefined) =>
      tables.find(({ title }) => title === name || title === name?.slice(name.indexOf(".") + 1))?.box
    const [first, last] = [boxOf(from), boxOf(to)]
    return [
      ...(first !== undefined && touches(key.points[0] ?? nowhere, first) ? [] : [`${key.title} begins nowhere`]),
      ...(last !== undefined && touches(key.points.at(-1) ?? nowhere, last) ? [] : [`${key.title} ends nowhere`])
    ]
  })

/** Only lines that lead to the same place may share a part of their way. */
const mergedLines = ({ keys }: Drawing): ReadonlyArray<string> => {
  const all = keys.flatMap((key) =>
    segmentsOf(key).map((segment) => ({ key, segment, end: JSON.stringify(key.points.at(-1)) }))
  )
  const lines = new Map<string, Array<(typeof all)[number]>>()
  for (const each of all) {
    const line = each.segment.level ? `y ${each.segment.top}` : `x ${each.segment.left}`
    lines.set(line, [...(lines.get(line) ?? []), each])
  }
  const touch = (a: Segment, b: Segment): boolean =>
    a.level === b.level && (a.level ? a.left <= b.right && b.left <= a.right : a.top <= b.bottom && b.top <= a.bottom)
  return [...lines.values()].flatMap((line) =>
    pairs(line)
      .filter(([a, b]) => a.end !== b.end && touch(a.segment, b.segment))
      .map(([a, b]) => `${a.key.title} runs in ${b.key.title}`)
  )
}

const mergedBrackets = ({ brackets }: Drawing): ReadonlyArray<string> =>
  pairs(brackets)
    .filter(([a, b]) => a.x === b.x && a.top <= b.bottom && b.top <= a.bottom)
    .map(([a]) => `two brackets at ${a.x}, ${a.top}`)

/** Lines of two places that cross in one colour. */
export const alike = ({ keys }: Drawing): ReadonlyArray<string> =>
  pairs(keys)
    .filter(([a, b]) => a.colour === b.colour && a.title !== b.title)
    .filter(([a, b]) => JSON.stringify(a.points.at(-1)) !== JSON.stringify(b.points.at(-1)))
    .filter(([a, b]) => segmentsOf(a).some((one) => segmentsOf(b).some((other) => cross(one, other))))
    .map(([a, b]) => `${a.title} crosses ${b.title}`)

const cross = (a: Segment, b: Segment): boolean =>
  a.level !== b.level && a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom

/** What is wrong with a drawing; nothing when a person can read it. */
export const faults = (drawing: Drawing): ReadonlyArray<string> => [
  ...overlappingTables(drawing),
  ...clippedTexts(drawing),
  ...coveredLines(drawing),
  ...looseEnds(drawing),
  ...mergedLines(drawing),
  ...mergedBrackets(drawing)
]
