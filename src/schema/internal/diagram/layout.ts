/**
 * Where everything of a diagram is. Tables that foreign keys connect stand in
 * layers, what is referred to on the left of what refers to it; the parts that
 * nothing connects are packed beside each other.
 *
 * Only the model decides: the same model has the same layout, always.
 */
import type { Box } from "./boxes.ts"
import { boxesOf } from "./boxes.ts"
import type { Component } from "./graph.ts"
import { componentsOf, layersOf, linksOf } from "./graph.ts"
import type { Model } from "./model.ts"
import { layered } from "./nets.ts"
import { order } from "./order.ts"
import { pack } from "./pack.ts"
import { place } from "./place.ts"
import type { Route } from "./route.ts"
import { route } from "./route.ts"
import { straighten } from "./straighten.ts"

export interface Layout {
  readonly boxes: ReadonlyArray<Box>
  readonly routes: ReadonlyArray<Route>
  readonly width: number
  readonly height: number
}

interface Part {
  readonly boxes: ReadonlyArray<Box>
  readonly routes: ReadonlyArray<Route>
  readonly width: number
  readonly height: number
  x: number
  y: number
}

const partOf = (component: Component): Part => {
  const graph = layered(layersOf(component), component.links)
  order(graph)
  place(graph)
  straighten(graph)
  const { routes, width } = route(graph)
  const height = graph.layers.flat().reduce((most, { height, y }) => Math.max(most, y + height), 0)
  return { boxes: component.boxes, routes, width, height, x: 0, y: 0 }
}

const gap = 48

/** About 1.6 times as wide as high; as wide as the widest part where only a strip would be left beside it. */
const widthFor = (parts: ReadonlyArray<Part>): number => {
  const area = parts.reduce((sum, { height, width }) => sum + (width + gap) * (height + gap), 0)
  const widest = parts.reduce((most, { width }) => Math.max(most, width), 0)
  const wanted = Math.sqrt(area * 1.6)
  return wanted < widest * 1.4 ? widest : wanted
}

/** The largest first; single tables come last, and fill the gaps. */
const byHeight = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> =>
  parts.toSorted((a, b) => b.height - a.height || b.width - a.width)

/** Those of a part that has its place. */
const routesOf = ({ routes, x: left, y: top }: Part): ReadonlyArray<Route> =>
  routes.map((route) => ({ ...route, points: route.points.map(({ x, y }) => ({ x: x + left, y: y + top })) }))

export const layout = (model: Model): Layout => {
  const boxes = boxesOf(model)
  const components = componentsOf(boxes, linksOf(boxes, model.relations))
  const parts = byHeight(components.map(partOf))
  pack(parts, widthFor(parts), gap)
  for (const part of parts) {
    for (const box of part.boxes) {
      box.x += part.x
      box.y += part.y
    }
  }
  return {
    boxes,
    routes: parts.flatMap(routesOf),
    width: parts.reduce((most, { width, x }) => Math.max(most, x + width), 0),
    height: parts.reduce((most, { height, y }) => Math.max(most, y + height), 0)
  }
}
