/**
 * The height at which each item stands: as near as can be to where its lines are
 * straight, in the order of its layer and with space between.
 */
import { grid } from "./boxes.ts"
import { append } from "./graph.ts"
import type { Item, Layered, Pin } from "./nets.ts"
import { heightOf, laneOffset } from "./nets.ts"

const boxGap = 3 * grid

const gapBetween = (above: Item, below: Item): number => {
  if (above.box !== undefined && below.box !== undefined) return boxGap
  return above.box === undefined && below.box === undefined ? 0 : grid
}

interface Pull {
  readonly own: Pin
  readonly other: Pin
  readonly weight: number
}

/** A line between two lanes is worth most when straight: it is the longest. */
const weightOf = (a: Pin, b: Pin): number => (a.item.box === undefined ? 3 : 1) * (b.item.box === undefined ? 2 : 1)

const pullsOf = ({ nets }: Layered, side: "left" | "right"): ReadonlyMap<Item, ReadonlyArray<Pull>> => {
  const pulls = new Map<Item, Array<Pull>>()
  const other = side === "left" ? "right" : "left"
  for (const wire of nets.flatMap(({ wires }) => [...wires.values()])) {
    for (const own of wire[side]) {
      const share = Math.max(wire[other].length, 1)
      for (const pin of wire[other]) append(pulls, own.item, { own, other: pin, weight: weightOf(own, pin) / share })
    }
  }
  return pulls
}

interface Block {
  /** Where its first item wants to be, times the weight. */
  sum: number
  weight: number
  readonly items: Array<{ readonly item: Item; readonly offset: number }>
  size: number
}

const topOf = ({ sum, weight }: Block): number => sum / weight

/** Joins a block to the one above it: from then on they move together. */
const join = (above: Block, below: Block, gap: number): void => {
  const shift = above.size + gap
  above.sum += below.sum - below.weight * shift
  above.weight += below.weight
  for (const { item, offset } of below.items) above.items.push({ item, offset: offset + shift })
  above.size = shift + below.size
}

/** Each item at its wish, or as near as its neighbours allow (pool adjacent violators: least squares in one pass). */
const settle = (layer: ReadonlyArray<Item>, wishOf: (item: Item) => readonly [y: number, weight: number]): void => {
  const blocks: Array<Block> = []
  for (const item of layer) {
    const [wish, weight] = wishOf(item)
    let block: Block = { sum: wish * weight, weight, items: [{ item, offset: 0 }], size: item.height }
    for (let above = blocks.at(-1); above !== undefined; above = blocks.at(-1)) {
      const last = above.items.at(-1)
      const first = block.items[0]
      const gap = last === undefined || first === undefined ? 0 : gapBetween(last.item, first.item)
      if (topOf(above) + above.size + gap <= topOf(block)) break
      join(above, block, gap)
      block = above
      blocks.pop()
    }
    blocks.push(block)
  }
  for (const block of blocks) {
    for (const { item, offset } of block.items) item.y = topOf(block) + offset
  }
}

const stack = (layer: ReadonlyArray<Item>): void => {
  layer.forEach((item, index) => {
    const above = layer[index - 1]
    item.y = above === undefined ? 0 : above.y + above.height + gapBetween(above, item)
  })
}

/** The nearest line of the grid; for a lane that in which its line has the height that it wants. */
const nearest = (item: Item): number =>
  item.box === undefined ? Math.floor((item.y + laneOffset(item)) / grid) : Math.round(item.y / grid)

/** Onto the grid, on which two layers' pins never meet. */
const snap = (layers: ReadonlyArray<ReadonlyArray<Item>>): void => {
  for (const layer of layers) {
    layer.forEach((item, index) => {
      const above = layer[index - 1]
      const least = above === undefined ? -Infinity : above.y + above.height + gapBetween(above, item)
      item.y = Math.max(nearest(item) * grid, least)
    })
  }
  const items = layers.flat()
  const top = items.reduce((least, { y }) => Math.min(least, y), Infinity)
  for (const item of items) item.y -= top
}

const rounds = 4

/** Sets `y` of each item. */
export const place = (graph: Layered): void => {
  const { layers } = graph
  const pulls = { left: pullsOf(graph, "right"), right: pullsOf(graph, "left") }
  const wish =
    (sides: ReadonlyArray<"left" | "right">) =>
    (item: Item): readonly [number, number] => {
      const all = sides.flatMap((side) => pulls[side].get(item) ?? [])
      const weight = all.reduce((sum, pull) => sum + pull.weight, 0)
      if (weight === 0) return [item.y, 0.1]
      const sum = all.reduce((sum, { other, own, weight }) => sum + weight * (heightOf(other) - own.offset), 0)
      return [sum / weight, weight]
    }
  layers.forEach(stack)
  for (let round = 0; round < rounds; round++) {
    for (const layer of layers) settle(layer, wish(["left"]))
    for (const layer of layers.toReversed()) settle(layer, wish(["right"]))
  }
  for (const layer of layers) settle(layer, wish(["left", "right"]))
  snap(layers)
}
