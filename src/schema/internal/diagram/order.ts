/**
 * The order of the items in each layer, so that few lines cross: each goes where
 * the mean of its neighbours is, layer for layer to the right and back, and the
 * best order that was seen is kept (Sugiyama, Tagawa, Toda 1981).
 */
import { append } from "./graph.ts"
import type { Item, Layered, Pin } from "./nets.ts"

interface Segment {
  readonly left: Pin
  readonly right: Pin
}

/** The lines of each channel, from each pin on its left to each on its right. */
const segmentsOf = ({ layers, nets }: Layered): ReadonlyArray<ReadonlyArray<Segment>> => {
  const channels: ReadonlyArray<Array<Segment>> = layers.map(() => [])
  for (const { wires } of nets) {
    for (const [channel, { left, right }] of wires) {
      channels[channel]?.push(...left.flatMap((left) => right.map((right) => ({ left, right }))))
    }
  }
  return channels
}

const sweeps = 16

/** Orders the items of each layer in place. */
export const order = (graph: Layered): void => {
  const { layers } = graph
  const channels = segmentsOf(graph)
  const places = new Map<Item, number>()
  const number = (layer: ReadonlyArray<Item>) => layer.forEach((item, index) => places.set(item, index))
  const placeOf = ({ item, offset }: Pin): number => (places.get(item) ?? 0) + offset / (item.height + 1)

  const arrange = (layer: Array<Item>, segments: ReadonlyArray<Segment>, own: "left" | "right"): void => {
    const seen = new Map<Item, Array<number>>()
    const other = own === "left" ? "right" : "left"
    for (const segment of segments) append(seen, segment[own].item, placeOf(segment[other]))
    const wanted = new Map<Item, number>()
    for (const item of layer) {
      const values = seen.get(item) ?? [places.get(item) ?? 0]
      wanted.set(item, values.reduce((sum, value) => sum + value, 0) / values.length)
    }
    layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0))
    number(layer)
  }

  const crossings = (): number => channels.reduce((sum, segments) => sum + crossingsOf(segments, placeOf), 0)

  layers.forEach(number)
  let best = layers.map((layer) => [...layer])
  let fewest = crossings()
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const toRight = sweep % 2 === 0
    const last = layers.length - 1
    for (let step = 1; step <= last; step++) {
      const at = toRight ? step : last - step
      arrange(layers[at] ?? [], channels[toRight ? at - 1 : at] ?? [], toRight ? "right" : "left")
    }
    const now = crossings()
    // Of two that are as good, the later one has been balanced more often.
    if (now <= fewest) {
      fewest = now
      best = layers.map((layer) => [...layer])
    }
  }
  best.forEach((items, index) => layers[index]?.splice(0, items.length, ...items))
}

/** Pairs of lines of which one begins above the other and ends below it. */
const crossingsOf = (segments: ReadonlyArray<Segment>, placeOf: (pin: Pin) => number): number => {
  const ends = segments
    .map(({ left, right }) => [placeOf(left), placeOf(right)] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, right]) => right)
  let count = 0
  // The ends of the lines so far, in order: the lines that a new one crosses end below it.
  const sorted: Array<number> = []
  for (const end of ends) {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] ?? 0) <= end) low = middle + 1
      else high = middle
    }
    count += sorted.length - low
    sorted.splice(low, 0, end)
  }
  return count
}
