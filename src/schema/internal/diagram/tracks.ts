/**
 * The vertical part of each wire: which track of its channel it has. Wires that
 * pass the same height have different tracks, in an order in which few of them
 * cross.
 */
import type { Net, Wire } from "./nets.ts"
import { heightOf } from "./nets.ts"

export interface Placed {
  readonly wire: Wire
  readonly left: ReadonlyArray<number>
  readonly right: ReadonlyArray<number>
  readonly top: number
  readonly bottom: number
}

export const placed = (wire: Wire): Placed => {
  const [left, right] = [wire.left.map(heightOf), wire.right.map(heightOf)]
  return { wire, left, right, top: Math.min(...left, ...right), bottom: Math.max(...left, ...right) }
}

/** Space between two wires that could share a track. */
const clearance = 10

export const meet = (a: Placed, b: Placed): boolean => a.top - clearance < b.bottom && b.top - clearance < a.bottom

const inside = (heights: ReadonlyArray<number>, { bottom, top }: Placed): number =>
  heights.reduce((count, height) => (height > top && height < bottom ? count + 1 : count), 0)

/** How often two wires cross when `a` has the track further left. */
const crossings = (a: Placed, b: Placed): number =>
  a.bottom <= b.top || b.bottom <= a.top ? 0 : inside(a.right, b) + inside(b.left, a)

/** Puts each wire where it crosses the others least, in turn. */
const sift = (wires: Array<Placed>, cost: (a: Placed, b: Placed) => number): void => {
  for (const wire of wires.slice()) {
    wires.splice(wires.indexOf(wire), 1)
    // From the left end to the right: what changes is the order with the one that is passed.
    let [now, best, at] = [0, 0, 0]
    wires.forEach((other, index) => {
      now += cost(other, wire) - cost(wire, other)
      if (now < best) [best, at] = [now, index + 1]
    })
    wires.splice(at, 0, wire)
  }
}

/** Sets the track of each wire of one channel, and says how many tracks there are. */
const assign = (wires: ReadonlyArray<Wire>): number => {
  // What is level needs none.
  const order = wires
    .map(placed)
    .filter(({ bottom, top }) => top < bottom)
    .sort((a, b) => a.top - b.top || a.bottom - b.bottom)
  for (let pass = 0; pass < 3; pass++) sift(order, crossings)
  let tracks = Math.min(wires.length, 1)
  order.forEach((each, index) => {
    const before = order.slice(0, index).filter((other) => meet(each, other))
    each.wire.track = before.reduce((most, { wire }) => Math.max(most, wire.track + 1), 0)
    tracks = Math.max(tracks, each.wire.track + 1)
  })
  return tracks
}

/** Gives every wire its track; the answer is the number of tracks of each channel. */
export const assignTracks = (nets: ReadonlyArray<Net>, channels: number): ReadonlyArray<number> =>
  Array.from({ length: channels }, (_, channel) => {
    const wires = nets.flatMap(({ wires }) => wires.get(channel) ?? [])
    return assign(wires)
  })
