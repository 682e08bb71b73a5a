/**
 * Takes out the steps of half the grid and less that the parity of layers leaves in
 * a line that could be level: they say nothing, and the eye stops at each.
 */
import { grid } from "./boxes.ts"
import type { Layered, Net, Pin, Wire } from "./nets.ts"
import { heightOf } from "./nets.ts"

/** From the middle of its row, or of its lane: from the next box that is a whole step of the grid away. */
const freedomOf = ({ item }: Pin): number => (item.box === undefined ? (3 * grid) / 4 : grid / 4)

/** Between level lines of two nets in one channel. */
const clearance = 5

/** What is at each height of each channel. */
type Occupied = ReadonlyMap<number, Map<number, Set<Net>>>

const occupiedBy = (nets: ReadonlyArray<Net>): Occupied => {
  const occupied = new Map<number, Map<number, Set<Net>>>()
  for (const net of nets) {
    for (const [channel, { left, right }] of net.wires) {
      const heights = occupied.get(channel) ?? new Map<number, Set<Net>>()
      occupied.set(channel, heights)
      for (const pin of [...left, ...right]) occupy(heights, heightOf(pin), net)
    }
  }
  return occupied
}

const occupy = (heights: Map<number, Set<Net>>, height: number, net: Net): void => {
  const nets = heights.get(height) ?? new Set()
  heights.set(height, nets.add(net))
}

const isFree = (heights: ReadonlyMap<number, ReadonlySet<Net>>, height: number, net: Net): boolean =>
  Array.from({ length: 2 * clearance + 1 }, (_, index) => heights.get(height - clearance + index)).every(
    (nets) => nets === undefined || [...nets].every((other) => other === net)
  )

/** A lane is in the channels on both of its sides. */
const channelsOf = (net: Net, pin: Pin): ReadonlyArray<number> =>
  [...net.wires].flatMap(([channel, { left, right }]) => (left.includes(pin) || right.includes(pin) ? [channel] : []))

/** Moves a pin to a height, where it may and nothing else is there. */
const move = (net: Net, pin: Pin, height: number, occupied: Occupied): void => {
  const offset = height - pin.item.y
  if (Math.abs(offset - pin.middle) > freedomOf(pin)) return
  const channels = channelsOf(net, pin).flatMap((channel) => occupied.get(channel) ?? [])
  if (!channels.every((heights) => isFree(heights, height, net))) return
  pin.offset = offset
  // Where it was stays taken: other pins of the net may be there.
  for (const heights of channels) occupy(heights, height, net)
}

const level = (net: Net, { left, right, toward }: Wire, occupied: Occupied): void => {
  const others = [...left, ...right].filter((pin) => pin !== toward)
  for (const pin of others) move(net, pin, heightOf(toward), occupied)
  const [only] = others
  if (others.length === 1 && only !== undefined && toward === net.target) move(net, toward, heightOf(only), occupied)
}

/** From each net's table outward, so that a line that is level stays so. */
export const straighten = ({ nets }: Layered): void => {
  const occupied = occupiedBy(nets)
  for (const net of nets) for (const wire of net.wires.values()) level(net, wire, occupied)
}
