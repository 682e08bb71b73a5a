/**
 * What leads to the same column of the same table is one net: its lines join on
 * their way, as tracks of a railway do, and part at no other place.
 *
 * Between two layers is a channel; in each that it passes, a net has one wire,
 * whose pins are the rows of boxes and the lanes that lead through a layer between
 * its boxes. The pins on the left of a channel and those on its right are never at
 * the same height, whatever is moved on the grid: layers with an even number have
 * them a quarter of the grid below its lines, the others three quarters. So two
 * lines that are not of one net cross, and never run in one another; `straighten`
 * moves those that may be moved without that.
 */
import type { Box } from "./boxes.ts"
import { grid, rowHeight, rowTop } from "./boxes.ts"
import type { Link } from "./graph.ts"
import { append } from "./graph.ts"

/** A box or a lane in its layer. */
export interface Item {
  readonly box: Box | undefined
  readonly layer: number
  readonly height: number
  y: number
}

export interface Pin {
  readonly item: Item
  /** From the top of its item: that of its row or lane. */
  readonly middle: number
  /** From the top of its item: its own. */
  offset: number
}

export const heightOf = ({ item, offset }: Pin): number => item.y + offset

/** The part of a net in one channel. */
export interface Wire {
  readonly left: Array<Pin>
  readonly right: Array<Pin>
  /** The pin that leads to the net's table. */
  toward: Pin
  track: number
}

export interface Net {
  readonly to: Box
  readonly target: Pin
  /** Of the table that is referred to. */
  readonly side: Side
  /** By channel; the channel is the number of the layer to its left. */
  readonly wires: Map<number, Wire>
  readonly ends: Array<{ readonly link: Link; readonly pin: Pin; readonly channel: number }>
}

export interface Layered {
  readonly layers: ReadonlyArray<Array<Item>>
  readonly nets: ReadonlyArray<Net>
}

/** Places of pins in a row, the best first; those of even layers and those of odd ones have none in common. */
const places: readonly [ReadonlyArray<number>, ReadonlyArray<number>] = [
  [15, 3, 17, 5, 13, 1],
  [9, 21, 11, 23, 7, 19]
]

const placeIn = (layer: number, index: number): number => {
  const list = places[layer % 2 === 0 ? 0 : 1]
  return list[index % list.length] ?? 0
}

/** Of the line, from the top of the lane. */
export const laneOffset = ({ layer }: Item): number => (layer % 2 === 0 ? grid / 4 : (3 * grid) / 4)

const lanePin = (item: Item): Pin => ({ item, middle: grid / 2, offset: laneOffset(item) })

type Side = "left" | "right"

/** Hands out the places of each row and side: one for each net. */
const pinMaker = (itemOf: (box: Box) => Item) => {
  const taken = new Map<Box, Map<string, Array<unknown>>>()
  return (box: Box, column: string | undefined, side: Side, owner: unknown): Pin => {
    const item = itemOf(box)
    const top = rowTop(box, column)
    const rows = taken.get(box) ?? new Map<string, Array<unknown>>()
    taken.set(box, rows)
    const owners = rows.get(`${side} ${top}`) ?? []
    rows.set(`${side} ${top}`, owners)
    if (!owners.includes(owner)) owners.push(owner)
    return { item, middle: top + rowHeight / 2, offset: top + placeIn(item.layer, owners.indexOf(owner)) }
  }
}

/** The column of the table that refers, and that of the other, between which the line is drawn. */
const endsOf = ({ relation: { anchor, columns, referenced } }: Link) => [columns[anchor], referenced[anchor]] as const

const sideOf = ({ from, to }: Link, layerOf: (box: Box) => number): Side =>
  layerOf(from) >= layerOf(to) ? "right" : "left"

const grouped = (links: ReadonlyArray<Link>, layerOf: (box: Box) => number): ReadonlyArray<ReadonlyArray<Link>> => {
  const groups = new Map<Box, Map<string, Array<Link>>>()
  for (const link of links) {
    const ofBox = groups.get(link.to) ?? new Map<string, Array<Link>>()
    groups.set(link.to, ofBox)
    append(ofBox, `${sideOf(link, layerOf)} ${rowTop(link.to, endsOf(link)[1])}`, link)
  }
  return [...groups.values()].flatMap((ofBox) => [...ofBox.values()])
}

/** The channels of a net, from that of its table to the farthest. */
const channelsOf = (net: Net): ReadonlyArray<number> => {
  const start = net.side === "right" ? net.target.item.layer : net.target.item.layer - 1
  const numbers = net.ends.map(({ channel }) => channel)
  const length = net.side === "right" ? Math.max(...numbers) - start + 1 : start - Math.min(...numbers) + 1
  return Array.from({ length }, (_, index) => (net.side === "right" ? start + index : start - index))
}

/** Lays a net's wires through the channels, with a lane in each layer between two of them. */
const lay = (net: Net, layers: ReadonlyArray<Array<Item>>): void => {
  const [near, far] = net.side === "right" ? (["left", "right"] as const) : (["right", "left"] as const)
  let toward = net.target
  const channels = channelsOf(net)
  channels.forEach((channel, index) => {
    const wire: Wire = { left: [], right: [], toward, track: 0 }
    wire[near].push(toward)
    net.wires.set(channel, wire)
    if (index === channels.length - 1) return
    const layer = net.side === "right" ? channel + 1 : channel
    const lane: Item = { box: undefined, layer, height: grid, y: 0 }
    layers[layer]?.push(lane)
    toward = lanePin(lane)
    wire[far].push(toward)
  })
  for (const { channel, link, pin } of net.ends) {
    net.wires.get(channel)?.[link.from === link.to ? near : far].push(pin)
  }
}

/** The items of each layer, in no order yet, and the nets between them. */
export const layered = (layerOf: ReadonlyMap<Box, number>, links: ReadonlyArray<Link>): Layered => {
  const layers: Array<Array<Item>> = []
  const items = new Map<Box, Item>()
  const numberOf = (box: Box): number => layerOf.get(box) ?? 0
  const itemOf = (box: Box): Item => items.get(box) ?? { box, layer: numberOf(box), height: box.height, y: 0 }
  for (const [box, layer] of layerOf) {
    while (layers.length <= layer) layers.push([])
    items.set(box, itemOf(box))
    layers[layer]?.push(itemOf(box))
  }
  const pin = pinMaker(itemOf)
  const nets = grouped(links, numberOf).flatMap((group): ReadonlyArray<Net> => {
    const [first] = group
    if (first === undefined) return []
    const side = sideOf(first, numberOf)
    const target = pin(first.to, endsOf(first)[1], side, group)
    const ends = group.map((link) => {
      const own = link.from === link.to ? side : side === "right" ? "left" : "right"
      const layer = numberOf(link.from)
      return {
        link,
        pin: pin(link.from, endsOf(link)[0], own, group),
        channel: own === "right" ? layer : layer - 1
      }
    })
    return [{ to: first.to, target, side, wires: new Map(), ends }]
  })
  for (const net of nets) lay(net, layers)
  return { layers, nets }
}
