/** Where the layers and the channels between them are, and the way of each foreign key through them. */
import { coloursOf } from "./colour.ts"
import type { Link } from "./graph.ts"
import type { Item, Layered, Net, Pin, Wire } from "./nets.ts"
import { heightOf } from "./nets.ts"
import { colours } from "./style.ts"
import { assignTracks } from "./tracks.ts"

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Route {
  readonly link: Link
  /** From the table that refers to the one that is referred to. */
  readonly points: ReadonlyArray<Point>
  readonly net: Net
  readonly colour: number
}

/** Between a box and the first track: room for a crow's foot and a bend. */
const lead = 28
const trackGap = 9

const widest = (layer: ReadonlyArray<Item>): number =>
  layer.reduce((most, { box }) => Math.max(most, box?.width ?? 0), 0)

interface Columns {
  readonly layers: ReadonlyArray<{ readonly left: number; readonly right: number }>
  readonly width: number
}

const columnsOf = (layers: ReadonlyArray<ReadonlyArray<Item>>, tracks: ReadonlyArray<number>): Columns => {
  let x = 0
  const columns = layers.map((layer, index) => {
    const left = x
    const right = left + widest(layer)
    const count = tracks[index] ?? 0
    x = right + (count === 0 ? 0 : 2 * lead + (count - 1) * trackGap)
    return { left, right }
  })
  // Behind the last layer there is no box that needs room for a foot.
  return { layers: columns, width: (tracks.at(-1) ?? 0) === 0 ? x : x - lead }
}

const pointsOf = (
  net: Net,
  end: { readonly pin: Pin; readonly channel: number },
  xOf: (channel: number, wire: Wire) => number,
  edgeOf: (pin: Pin, channel: number) => number
): ReadonlyArray<Point> => {
  const points: Array<Point> = [{ x: edgeOf(end.pin, end.channel), y: heightOf(end.pin) }]
  const step = net.side === "right" ? -1 : 1
  let pin = end.pin
  let wire = net.wires.get(end.channel)
  for (let channel = end.channel; wire !== undefined; channel += step, wire = net.wires.get(channel)) {
    const x = xOf(channel, wire)
    points.push({ x, y: heightOf(pin) }, { x, y: heightOf(wire.toward) })
    pin = wire.toward
    if (pin === net.target) {
      points.push({ x: edgeOf(pin, channel), y: heightOf(pin) })
      break
    }
  }
  return points
}

/** Sets the boxes' places; the answer is each foreign key's way and how wide everything is. */
export const route = ({ layers, nets }: Layered): { readonly routes: ReadonlyArray<Route>; readonly width: number } => {
  const columns = columnsOf(layers, assignTracks(nets, layers.length))
  for (const { box, layer, y } of layers.flat()) {
    if (box === undefined) continue
    box.x = columns.layers[layer]?.left ?? 0
    box.y = y
  }
  const xOf = (channel: number, { track }: Wire): number =>
    (columns.layers[channel]?.right ?? 0) + lead + track * trackGap
  const edgeOf = ({ item: { box, layer } }: Pin, channel: number): number =>
    box === undefined ? 0 : channel === layer ? box.x + box.width : box.x
  const chosen = coloursOf(nets, colours)
  return {
    routes: nets.flatMap((net) =>
      net.ends.map((end) => ({
        link: end.link,
        points: pointsOf(net, end, xOf, edgeOf),
        net,
        colour: chosen.get(net) ?? 0
      }))
    ),
    width: columns.width
  }
}
