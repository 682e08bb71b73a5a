/**
 * One connection through the proxy: it passes bytes on until its fault is due.
 * Up to the very byte everything arrives, and nothing behind it.
 */
import type * as Net from "node:net"
import { CommitWatch } from "./CommitWatch.ts"
import type { Direction, Fault, Kind } from "./FaultPlan.ts"

/** What has struck, and where. */
export interface Strike {
  readonly kind: Kind
  readonly direction: Direction
  /** Between the first byte of a COMMIT and the last of its answer. */
  readonly inCommit: boolean
}

export interface LinkOptions {
  readonly client: Net.Socket
  readonly upstream: Net.Socket
  readonly nextFault: () => Fault
  readonly onStrike: (strike: Strike) => void
}

export class FaultyLink {
  readonly #options: LinkOptions
  readonly #watch = new CommitWatch()
  #fault: Fault
  /** Since the last fault. */
  #passed = { request: 0, answer: 0 }
  #commits = 0
  /** Whether what was asked last is a COMMIT. */
  #inCommit = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#fault = options.nextFault()
  }

  start(): void {
    const { client, upstream } = this.#options
    client.on("data", (chunk: Buffer) => {
      this.#inCommit = this.#watch.carriesCommit(chunk)
      if (this.#inCommit) this.#commits++
      this.#pass("request", chunk)
    })
    upstream.on("data", (chunk: Buffer) => this.#pass("answer", chunk))
    this.#endTogether(client, upstream)
    this.#endTogether(upstream, client)
  }

  #endTogether(socket: Net.Socket, other: Net.Socket): void {
    socket.on("end", () => other.end())
    socket.on("error", () => other.destroy())
    socket.on("close", () => {
      clearTimeout(this.#timer)
      other.destroySoon()
    })
  }

  #pass(direction: Direction, chunk: Buffer): void {
    const to = direction === "request" ? this.#options.upstream : this.#options.client
    const at = this.#strikesAt(direction, chunk)
    this.#passed[direction] += chunk.length
    if (at === undefined) return void to.write(chunk)
    if (at > 0) to.write(chunk.subarray(0, at))
    this.#strike(direction, chunk.subarray(at))
  }

  /** After how many bytes of what is to be passed on the fault strikes, if it does. */
  #strikesAt(direction: Direction, chunk: Buffer): number | undefined {
    const { direction: where, target } = this.#fault
    if (where !== direction) return undefined
    if (target._tag === "Byte") {
      const at = target.after - this.#passed[direction]
      return at <= chunk.length ? Math.max(0, at) : undefined
    }
    return this.#inCommit && this.#commits >= target.number ? Math.round(target.share * chunk.length) : undefined
  }

  #strike(direction: Direction, held: Buffer): void {
    const { kind } = this.#fault
    this.#options.onStrike({ kind, direction, inCommit: this.#inCommit })
    if (kind === "stall") return this.#stall(direction, held)
    this.#end(direction, kind)
  }

  /** The side that was being written to still gets what had been passed on. */
  #end(direction: Direction, kind: "cut" | "reset"): void {
    const { client, upstream } = this.#options
    client.removeAllListeners("data")
    upstream.removeAllListeners("data")
    if (direction === "request") upstream.destroySoon()
    if (kind === "reset") client.resetAndDestroy()
    else if (direction === "request") client.destroy()
    else client.destroySoon()
    if (direction === "answer") upstream.destroy()
  }

  #stall(direction: Direction, held: Buffer): void {
    const { client, nextFault, upstream } = this.#options
    const { cutsAfterStall, stallMillis } = this.#fault
    client.pause()
    upstream.pause()
    this.#timer = setTimeout(() => {
      if (cutsAfterStall) return this.#end(direction, "cut")
      this.#fault = nextFault()
      this.#passed = { request: 0, answer: 0 }
      this.#commits = 0
      const to = direction === "request" ? upstream : client
      if (held.length > 0) to.write(held)
      client.resume()
      upstream.resume()
    }, stallMillis)
  }
}
