/** Which colour the lines of each net have: another than those that they could be taken for. */
import { append } from "./graph.ts"
import type { Net } from "./nets.ts"
import type { Placed } from "./tracks.ts"
import { meet, placed } from "./tracks.ts"

interface Coloured {
  readonly wire: Placed
  readonly colour: number
}

/** Two that pass the same height of a channel lie beside each other, or cross. */
const likeness = (a: Placed, b: Placed): number => (meet(a, b) ? 4 : 1)

/** A number for each net; the longest choose first. */
export const coloursOf = (nets: ReadonlyArray<Net>, colours: number): ReadonlyMap<Net, number> => {
  const byChannel = new Map<number, Array<Coloured>>()
  const chosen = new Map<Net, number>()
  for (const net of nets.toSorted((a, b) => b.wires.size - a.wires.size)) {
    const wires = [...net.wires].map(([channel, wire]) => ({ channel, wire: placed(wire) }))
    const likenesses = Array.from({ length: colours }, () => 0)
    for (const { channel, wire } of wires) {
      for (const other of byChannel.get(channel) ?? []) {
        likenesses[other.colour] = (likenesses[other.colour] ?? 0) + likeness(wire, other.wire)
      }
    }
    const colour = likenesses.indexOf(Math.min(...likenesses))
    for (const { channel, wire } of wires) append(byChannel, channel, { wire, colour })
    chosen.set(net, colour)
  }
  return chosen
}
