/**
 * What will go wrong on a connection, drawn from a seed.
 *
 * The same seed gives the same faults to the same connection numbers. Which
 * operation gets which connection is up to the network's timing, so a replay
 * meets the same faults and not always the same interleaving.
 */

/** Towards the server, or back. */
export type Direction = "request" | "answer"

export type Kind = "cut" | "reset" | "stall"

export interface Fault {
  readonly kind: Kind
  readonly direction: Direction
  readonly target: Target
  readonly stallMillis: number
  /** Whether a stalled connection is cut in the end. */
  readonly cutsAfterStall: boolean
}

/** Where a fault strikes, counted from where the last one did. */
export type Target =
  /** After so many bytes. */
  | { readonly _tag: "Byte"; readonly after: number }
  /** In the COMMIT with this number, or in its answer, after this share of its bytes: 0 is before, 1 behind it. */
  | { readonly _tag: "Commit"; readonly number: number; readonly share: number }

/** How far apart faults are. A whole transaction of the workload is about 700 bytes and 200 of answers. */
export interface Spacing {
  readonly requestBytes: number
  readonly answerBytes: number
  readonly commits: number
}

export const spacing: Spacing = { requestBytes: 5000, answerBytes: 1800, commits: 12 }

/** Numbers from 0 to 1, always the same for a seed and a stream (mulberry32). */
export const generator = (seed: number, stream: number): (() => number) => {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35)) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A third aims at COMMIT, which is a small part of the bytes and where it matters most. */
const drawTarget = (random: () => number, direction: Direction, apart: Spacing): Target => {
  if (random() < 0.33) {
    // The ends are no rarer than what is between: nothing of it has left, or all of it has.
    const share = Math.min(1, Math.max(0, random() * 1.6 - 0.3))
    return { _tag: "Commit", number: 1 + Math.floor(random() * apart.commits), share }
  }
  const bytes = direction === "request" ? apart.requestBytes : apart.answerBytes
  return { _tag: "Byte", after: Math.floor(random() * bytes) }
}

/** What and whereto, of which there are six. */
type Sort = Pick<Fault, "kind" | "direction">

const sorts: ReadonlyArray<Sort> = (["cut", "reset", "stall"] as const).flatMap((kind) =>
  (["request", "answer"] as const).map((direction) => ({ kind, direction }))
)

const drawFault = (random: () => number, apart: Spacing, sort?: Sort): Fault => {
  const kindDrawn = random()
  const directionDrawn = random() < 0.5 ? "request" : "answer"
  const kind = sort?.kind ?? (kindDrawn < 0.45 ? "cut" : kindDrawn < 0.85 ? "reset" : "stall")
  const direction = sort?.direction ?? directionDrawn
  return {
    kind,
    direction,
    target: drawTarget(random, direction, apart),
    stallMillis: 50 + Math.floor(random() * 350),
    cutsAfterStall: random() < 0.5
  }
}

/** The faults of one connection after another. The first six connections begin with each sort once: no run lacks one. */
export const faultsOf = (seed: number, connection: number, apart: Spacing = spacing): (() => Fault) => {
  const random = generator(seed, connection)
  let first = sorts[connection]
  return () => {
    const fault = drawFault(random, apart, first)
    first = undefined
    return fault
  }
}
