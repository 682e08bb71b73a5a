/** The tables of a diagram as a graph: which hang together, and in which layer each stands. */
import type { Box } from "./boxes.ts"
import type { Relation } from "./model.ts"

/** A foreign key between two boxes. */
export interface Link {
  readonly relation: Relation
  readonly from: Box
  readonly to: Box
}

export interface Component {
  readonly boxes: ReadonlyArray<Box>
  readonly links: ReadonlyArray<Link>
}

export const append = <K, V>(map: Map<K, Array<V>>, key: K, value: V): void => {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}

export const linksOf = (boxes: ReadonlyArray<Box>, relations: ReadonlyArray<Relation>): ReadonlyArray<Link> => {
  const byEntity = new Map(boxes.map((box) => [box.entity, box]))
  return relations.flatMap((relation) => {
    const [from, to] = [byEntity.get(relation.from), byEntity.get(relation.to)]
    return from === undefined || to === undefined ? [] : [{ relation, from, to }]
  })
}

/** The parts between which no foreign key leads, in the order of their first boxes. */
export const componentsOf = (boxes: ReadonlyArray<Box>, links: ReadonlyArray<Link>): ReadonlyArray<Component> => {
  const near = new Map<Box, Array<Box>>()
  for (const { from, to } of links) {
    append(near, from, to)
    append(near, to, from)
  }
  const number = new Map<Box, number>()
  let count = 0
  for (const start of boxes) {
    if (number.has(start)) continue
    const waiting = [start]
    for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
      if (number.has(box)) continue
      number.set(box, count)
      waiting.push(...(near.get(box) ?? []))
    }
    count++
  }
  const found = Array.from({ length: count }, () => ({ boxes: new Array<Box>(), links: new Array<Link>() }))
  for (const box of boxes) found[number.get(box) ?? 0]?.boxes.push(box)
  for (const link of links) found[number.get(link.from) ?? 0]?.links.push(link)
  return found
}

/**
 * Boxes so that most foreign keys lead back in the list: what is referred to comes
 * first (Eades, Lin, Smyth: A fast and effective heuristic for the feedback arc
 * set problem, 1993). Without a cycle all of them do.
 */
const referredFirst = (boxes: ReadonlyArray<Box>, links: ReadonlyArray<Link>): ReadonlyArray<Box> => {
  const left = new Set(boxes)
  const [first, last] = [new Array<Box>(), new Array<Box>()]
  const refersTo = new Map<Box, Array<Box>>()
  const referredBy = new Map<Box, Array<Box>>()
  for (const { from, to } of links) {
    append(refersTo, from, to)
    append(referredBy, to, from)
  }
  const degree = (map: Map<Box, Array<Box>>, box: Box): number =>
    (map.get(box) ?? []).filter((other) => other !== box && left.has(other)).length
  const take = (wanted: (box: Box) => boolean, into: Array<Box>): boolean => {
    const found = [...left].filter(wanted)
    for (const box of found) left.delete(box)
    into.push(...found)
    return found.length > 0
  }
  while (left.size > 0) {
    if (take((box) => degree(refersTo, box) === 0, first)) continue
    if (take((box) => degree(referredBy, box) === 0, last)) continue
    const best = [...left]
      .map((box) => ({ box, lead: degree(referredBy, box) - degree(refersTo, box) }))
      .reduce((best, next) => (next.lead > best.lead ? next : best))
    take((box) => box === best.box, first)
  }
  return [...first, ...last.toReversed()]
}

/** What must stand to the left and to the right of each box. */
interface Precedence {
  readonly before: ReadonlyMap<Box, ReadonlyArray<Box>>
  readonly after: ReadonlyMap<Box, ReadonlyArray<Box>>
}

const precedenceOf = (order: ReadonlyArray<Box>, links: ReadonlyArray<Link>): Precedence => {
  const rank = new Map(order.map((box, index) => [box, index]))
  const before = new Map<Box, Array<Box>>()
  const after = new Map<Box, Array<Box>>()
  for (const { from, to } of links) {
    if (from === to) continue
    const [left, right] = (rank.get(from) ?? 0) < (rank.get(to) ?? 0) ? [from, to] : [to, from]
    append(after, left, right)
    append(before, right, left)
  }
  return { before, after }
}

const spaceOf = (box: Box): number => box.height + 36

/** The height of a drawing of these boxes that is one and a half times as wide as it is high. */
const heightFor = (boxes: ReadonlyArray<Box>): number => {
  const area = boxes.reduce((sum, box) => sum + (box.width + 90) * spaceOf(box), 0)
  return Math.max(Math.sqrt((area * 1.25) / 1.5), ...boxes.map(spaceOf))
}

/** Each box in the first layer behind all that it must stand behind and that has room. */
const fill = (order: ReadonlyArray<Box>, { before }: Precedence, room: number): Map<Box, number> => {
  const layers = new Map<Box, number>()
  const used: Array<number> = []
  for (const box of order) {
    let layer = (before.get(box) ?? []).reduce((most, other) => Math.max(most, (layers.get(other) ?? 0) + 1), 0)
    while ((used[layer] ?? 0) > 0 && (used[layer] ?? 0) + spaceOf(box) > room) layer++
    layers.set(box, layer)
    used[layer] = (used[layer] ?? 0) + spaceOf(box)
  }
  return layers
}

/** Moves to the right what has more neighbours there, as far as it may and has room. */
const tighten = (order: ReadonlyArray<Box>, { after, before }: Precedence, layers: Map<Box, number>, room: number) => {
  const used: Array<number> = []
  for (const [box, layer] of layers) used[layer] = (used[layer] ?? 0) + spaceOf(box)
  for (const box of order.toReversed()) {
    const right = after.get(box) ?? []
    if (right.length <= (before.get(box) ?? []).length) continue
    const own = layers.get(box) ?? 0
    let layer = Math.min(...right.map((other) => layers.get(other) ?? 0)) - 1
    while (layer > own && (used[layer] ?? 0) + spaceOf(box) > room) layer--
    if (layer <= own) continue
    used[own] = (used[own] ?? 0) - spaceOf(box)
    used[layer] = (used[layer] ?? 0) + spaceOf(box)
    layers.set(box, layer)
  }
}

/** The layer of each box, from the left: never the same for two that a foreign key connects. */
export const layersOf = ({ boxes, links }: Component): ReadonlyMap<Box, number> => {
  const room = heightFor(boxes)
  const order = referredFirst(boxes, links)
  const precedence = precedenceOf(order, links)
  const layers = fill(order, precedence, room)
  tighten(order, precedence, layers, room)
  const numbers = [...new Set(layers.values())].sort((a, b) => a - b)
  return new Map([...layers].map(([box, layer]) => [box, numbers.indexOf(layer)]))
}
