/** Memory that is really held: what the process has of the machine depends on when its garbage was last collected. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** In bytes, inside and outside of the heap, after everything that nobody holds has been collected. */
export const heldBytes = (): number => {
  // What was outside of the heap is given back behind the first time.
  collect()
  collect()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/** What the process has of the machine's memory, after everything that nobody holds has been collected. */
export const residentBytes = (): number => {
  collect()
  collect()
  return process.memoryUsage.rss()
}
