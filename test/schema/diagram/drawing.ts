/** What an SVG diagram shows, as a reader sees it: read from the document alone. */
import type { Element } from "./xml.ts"
import { everything, parse } from "./xml.ts"

export interface Rectangle {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface ShownText extends Rectangle {
  readonly text: string
}

export interface ShownTable {
  readonly title: string
  readonly box: Rectangle
  readonly texts: ReadonlyArray<ShownText>
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface ShownKey {
  /** What is shown to who points at it: `shop.a.b → shop.c.d`, and the constraint's name. */
  readonly title: string
  readonly points: ReadonlyArray<Point>
  readonly dashed: boolean
  readonly foot: string
  readonly colour: string
  /** What a pointer meets follows the line. */
  readonly reached: boolean
}

/** Beside the rows of a key of several columns. */
export interface ShownBracket {
  readonly x: number
  readonly top: number
  readonly bottom: number
}

export interface Drawing {
  readonly page: Rectangle
  readonly tables: ReadonlyArray<ShownTable>
  readonly keys: ReadonlyArray<ShownKey>
  readonly brackets: ReadonlyArray<ShownBracket>
}

const numberOf = ({ attributes }: Element, name: string): number => Number(attributes[name])
const has = ({ attributes }: Element, name: string): boolean => (attributes["class"] ?? "").split(" ").includes(name)

const rectangleOf = (element: Element): Rectangle => {
  const [left, top] = [numberOf(element, "x"), numberOf(element, "y")]
  return { left, top, right: left + numberOf(element, "width"), bottom: top + numberOf(element, "height") }
}

/** Letters of the widest of the usual monospaced fonts, and full em for those that come from others. */
const advance = (character: string): number => {
  const code = character.codePointAt(0) ?? 0
  return code < 0x530 ? 0.602 : code > 0xffff ? 1.3 : 1
}

const sizes = { title: 13, mark: 9, heading: 18 } as const

const shownText = (element: Element): ShownText => {
  const kind = (["title", "mark", "heading"] as const).find((kind) => has(element, kind))
  const size = kind === undefined ? 12 : sizes[kind]
  const width = [...element.text].reduce((sum, character) => sum + advance(character), 0) * size
  const [x, y] = [numberOf(element, "x"), numberOf(element, "y")]
  const left = has(element, "type") ? x - width : has(element, "mark") ? x - width / 2 : x
  return { text: element.text, left, top: y - size * 0.8, right: left + width, bottom: y + size * 0.2 }
}

const find = (elements: ReadonlyArray<Element>, name: string): Element => {
  const found = elements.find((element) => has(element, name))
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

/** The corners of a way; those that are drawn round are where its two sides would meet. */
const pointsOf = (d: string): ReadonlyArray<Point> =>
  [...d.matchAll(/[MLQ]([\d.-]+) ([\d.-]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }))

const tableOf = (group: Element): ShownTable => {
  const all = everything(group)
  return {
    title: find(all, "title").text,
    box: rectangleOf(find(all, "box")),
    texts: all.filter(({ name }) => name === "text").map(shownText)
  }
}

/** Without those between which a line goes straight on. */
const cornersOf = (points: ReadonlyArray<Point>): ReadonlyArray<Point> =>
  points.filter((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]]
    if (before === undefined || after === undefined) return true
    return !(before.x === point.x && point.x === after.x) && !(before.y === point.y && point.y === after.y)
  })

const bracketOf = ({ attributes }: Element): ShownBracket => {
  const [, x, top, bottom] = /^M([\d.-]+) ([\d.-]+)V([\d.-]+)/.exec(attributes["d"] ?? "") ?? []
  return { x: Number(x), top: Number(top), bottom: Number(bottom) }
}

const keyOf = (group: Element): ShownKey => {
  const all = everything(group)
  const line = find(all, "line")
  return {
    title: all.find(({ name }) => name === "title")?.text ?? "",
    // Drawn from the table that is referred to.
    points: cornersOf(pointsOf(line.attributes["d"] ?? "")).toReversed(),
    dashed: has(line, "optional"),
    foot: find(all, "foot").attributes["d"] ?? "",
    colour: (group.attributes["class"] ?? "").replace("fk ", ""),
    reached: find(all, "reach").attributes["d"] === line.attributes["d"]
  }
}

export const read = (svg: string): Drawing => {
  const all = everything(parse(svg))
  const groups = all.filter(({ name }) => name === "g")
  const drawing = groups.at(-1)
  const [, x = "0", y = "0"] =
    /translate\((\d+) (\d+)\)/.exec(
      all.filter(({ attributes }) => attributes["transform"] !== undefined).at(-1)?.attributes["transform"] ?? ""
    ) ?? []
  if (drawing === undefined && groups.length === 0) throw new Error("nothing is drawn")
  const [, , width = "0", height = "0"] = (all[0]?.attributes["viewBox"] ?? "").split(" ")
  return {
    page: { left: -Number(x), top: -Number(y), right: Number(width) - Number(x), bottom: Number(height) - Number(y) },
    tables: groups.filter((group) => has(group, "table")).map(tableOf),
    keys: groups.filter((group) => has(group, "fk")).map(keyOf),
    // Those of the tables have a colour, that of the legend has none.
    brackets: all.filter(({ attributes }) => (attributes["class"] ?? "").startsWith("bracket e")).map(bracketOf)
  }
}

export const within = (inner: Rectangle, outer: Rectangle): boolean =>
  inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom

export const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
