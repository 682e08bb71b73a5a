/** Foreign keys as lines: round at their bends, a crow's foot where they begin and an arrow where they point to. */
import { append } from "./graph.ts"
import type { Relation } from "./model.ts"
import type { Net } from "./nets.ts"
import type { Point, Route } from "./route.ts"
import { escape } from "./xml.ts"

const radius = 6

const toward = (from: Point, to: Point, distance: number): Point => {
  const length = Math.abs(to.x - from.x) + Math.abs(to.y - from.y)
  const share = length === 0 ? 0 : distance / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

const lengthOf = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y)

const at = ({ x, y }: Point): string => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`

/** A corner takes at most half of each of its two sides. */
const bend = (before: Point, corner: Point, after: Point): string => {
  const size = Math.min(radius, lengthOf(before, corner) / 2, lengthOf(corner, after) / 2)
  return `L${at(toward(corner, before, size))}Q${at(corner)} ${at(toward(corner, after, size))}`
}

/** All lines are upright or level, so neighbours on one line need no corner between them. */
const isStraight = (a: Point, b: Point, c: Point): boolean =>
  (a.x === b.x && b.x === c.x) || (a.y === b.y && b.y === c.y)

/** From the table that is referred to, so that the dashes of lines that join there fall on each other. */
const lineOf = (way: ReadonlyArray<Point>): string =>
  way
    .toReversed()
    .map((point, index, points) => {
      const [before, after] = [points[index - 1], points[index + 1]]
      if (before === undefined) return `M${at(point)}`
      if (after === undefined) return `L${at(point)}`
      return isStraight(before, point, after) ? "" : bend(before, point, after)
    })
    .join("")

/** Away from the box that the line ends at. */
export const directionOf = (end: Point | undefined, next: Point | undefined): 1 | -1 =>
  end !== undefined && next !== undefined && next.x < end.x ? -1 : 1

/** Where the line begins: three toes for any number of rows, a bar for at most one. */
const foot = ({ x, y }: Point, out: 1 | -1, unique: boolean): string =>
  unique ? `M${x + out * 8} ${y - 5}V${y + 5}` : `M${x} ${y - 5}L${x + out * 11} ${y}L${x} ${y + 5}`

const arrow = ({ x, y }: Point, out: 1 | -1): string => `M${x} ${y}L${x + out * 9} ${y - 4.5}V${y + 4.5}z`

const tableOf = ({ name, schema }: Relation["from"]): string => `${schema}.${name}`

const listOf = (columns: ReadonlyArray<string>): string =>
  columns.length === 1 ? columns.join() : `(${columns.join(", ")})`

/** What a reader is told who points at the line. */
const described = ({ columns, from, name, onDelete, referenced, to }: Relation): string =>
  [
    `${tableOf(from)}.${listOf(columns)} \u2192 ${tableOf(to)}.${listOf(referenced)}`,
    onDelete === "no action" ? name : `${name}, on delete ${onDelete}`
  ]
    .map(escape)
    .join("\n")

const routeOf = ({ colour, link: { relation }, points }: Route): string => {
  const [start, second] = points
  const [last, end] = points.slice(-2)
  if (start === undefined || end === undefined) return ""
  const line = lineOf(points)
  return (
    `<g class="fk e${colour}"><title>${described(relation)}</title><path class="reach" d="${line}"/>` +
    `<path class="${relation.optional ? "line optional" : "line"}" d="${line}"/>` +
    `<path class="foot" d="${foot(start, directionOf(start, second), relation.unique)}"/>` +
    `<path class="arrow" d="${arrow(end, directionOf(end, last))}"/></g>`
  )
}

/** Under each net's lines a broad one of the page's colour: where two cross, the one below is seen to pass under. */
export const pathsOf = (routes: ReadonlyArray<Route>): ReadonlyArray<string> => {
  const nets = new Map<Net, Array<Route>>()
  for (const route of routes) append(nets, route.net, route)
  return [...nets.values()].flatMap((routes) => [
    `<path class="halo" d="${routes.map(({ points }) => lineOf(points)).join("")}"/>`,
    ...routes.map(routeOf)
  ])
}
