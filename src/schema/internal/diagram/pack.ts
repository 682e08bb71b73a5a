/** Rectangles beside and below each other in a given width: each as high as it fits (a skyline). */

export interface Block {
  readonly width: number
  readonly height: number
  x: number
  y: number
}

/** A stretch of the lower edge of what has been placed. */
interface Step {
  readonly x: number
  readonly width: number
  readonly y: number
}

/** The height at which a block of `width` can stand from `x` on; `undefined` where it does not fit. */
const restAt = (line: ReadonlyArray<Step>, x: number, width: number, limit: number): number | undefined => {
  if (x > 0 && x + width > limit) return undefined
  return line.reduce((most, step) => (step.x < x + width && step.x + step.width > x ? Math.max(most, step.y) : most), 0)
}

const raise = (line: ReadonlyArray<Step>, { x, width, y }: Step): ReadonlyArray<Step> =>
  [
    ...line.flatMap((step): ReadonlyArray<Step> => {
      const [end, stepEnd] = [x + width, step.x + step.width]
      if (stepEnd <= x || step.x >= end) return [step]
      return [
        { x: step.x, width: x - step.x, y: step.y },
        { x: end, width: stepEnd - end, y: step.y }
      ].filter((rest) => rest.width > 0)
    }),
    { x, width, y }
  ].sort((a, b) => a.x - b.x)

/** Sets `x` and `y` of each block, with `gap` between them. */
export const pack = (blocks: ReadonlyArray<Block>, limit: number, gap: number): void => {
  const widest = blocks.reduce((most, { width }) => Math.max(most, width), limit)
  let line: ReadonlyArray<Step> = [{ x: 0, width: widest + gap, y: 0 }]
  for (const block of blocks) {
    // The gap is a part of the block: what is beside it is neither covered nor lowered.
    const [width, height] = [block.width + gap, block.height + gap]
    let [x, y] = [0, Infinity]
    for (const step of line) {
      const rest = restAt(line, step.x, width, limit + gap)
      if (rest !== undefined && rest < y) [x, y] = [step.x, rest]
    }
    block.x = x
    block.y = y
    line = raise(line, { x, width, y: y + height })
  }
}
