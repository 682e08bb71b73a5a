/**
 * Beside the rows of a key of several columns, inside of the box: they are one key.
 * Where several pass the same row, each stands farther in than the shorter ones.
 */
import type { Box } from "./boxes.ts"
import { bracketGap, rowHeight, rowTop } from "./boxes.ts"
import { append } from "./graph.ts"
import { directionOf } from "./paths.ts"
import type { Point, Route } from "./route.ts"

interface Bracket {
  readonly box: Box
  /** Where the line meets the box, and the way that leads off it. */
  readonly x: number
  readonly out: 1 | -1
  readonly heights: ReadonlyArray<number>
  readonly colour: number
}

const bracketAt = (
  box: Box,
  columns: ReadonlyArray<string>,
  { colour, link }: Route,
  end: Point | undefined,
  next: Point | undefined
): ReadonlyArray<Bracket> => {
  if (columns.length < 2 || end === undefined) return []
  const heights = columns.map((column, index) =>
    index === link.relation.anchor ? end.y : box.y + rowTop(box, column) + rowHeight / 2
  )
  return [{ box, x: end.x, out: directionOf(end, next), heights, colour }]
}

const bracketsOf = (route: Route): ReadonlyArray<Bracket> => {
  const { from, relation, to } = route.link
  const { points } = route
  return [
    ...bracketAt(from, relation.columns, route, points[0], points[1]),
    ...bracketAt(to, relation.referenced, route, points.at(-1), points.at(-2))
  ]
}

const topOf = ({ heights }: Bracket): number => Math.min(...heights)
const bottomOf = ({ heights }: Bracket): number => Math.max(...heights)
const lengthOf = (bracket: Bracket): number => bottomOf(bracket) - topOf(bracket)
const overlap = (a: Bracket, b: Bracket): boolean => topOf(a) <= bottomOf(b) && topOf(b) <= bottomOf(a)

const pathOf = (bracket: Bracket, depth: number): string => {
  const { colour, heights, out, x } = bracket
  const inner = x - out * depth
  const ticks = heights.map((y) => `M${inner} ${y}H${x}`).join("")
  return `<path class="bracket e${colour}" d="M${inner} ${topOf(bracket)}V${bottomOf(bracket)}${ticks}"/>`
}

/** Of one side of a box. */
const beside = (brackets: ReadonlyArray<Bracket>): ReadonlyArray<string> => {
  const depths = new Map<Bracket, number>()
  for (const bracket of brackets.toSorted((a, b) => lengthOf(a) - lengthOf(b))) {
    const passed = [...depths].filter(([other]) => overlap(bracket, other)).map(([, depth]) => depth)
    depths.set(bracket, Math.max(0, ...passed) + bracketGap)
  }
  return [...depths].map(([bracket, depth]) => pathOf(bracket, depth))
}

const isSame = (a: Bracket, b: Bracket): boolean =>
  a.heights.length === b.heights.length && a.heights.every((height, index) => height === b.heights[index])

/** What joins the columns of one key, to be drawn over the boxes; once where several keys refer to the same. */
export const bracketsOver = (routes: ReadonlyArray<Route>): ReadonlyArray<string> => {
  const sides = new Map<Box, Map<number, Array<Bracket>>>()
  for (const bracket of routes.flatMap(bracketsOf)) {
    const ofBox = sides.get(bracket.box) ?? new Map<number, Array<Bracket>>()
    sides.set(bracket.box, ofBox)
    if (ofBox.get(bracket.x)?.some((other) => isSame(bracket, other)) !== true) append(ofBox, bracket.x, bracket)
  }
  return [...sides.values()].flatMap((ofBox) => [...ofBox.values()].flatMap(beside))
}
