/**
 * A proxy that has a process killed at a chosen message: before the server has
 * it, as soon as the server has it, or once the server has answered and the
 * process has not heard it. A message is what a client sends up to its Sync.
 */
import { Effect, Redacted } from "effect"
import * as Net from "node:net"

export type Moment = "before" | "sent" | "answered"

export interface Kill {
  /** Which message, counted from 1, after the client has logged in. */
  readonly message: number
  readonly moment: Moment
}

export interface KillProxy {
  readonly url: Redacted.Redacted
  /** How many messages have passed. */
  readonly messages: () => number
}

/** Cuts a stream into its messages. A client's first one has no type in front of its length. */
const messagesOf = (typed: boolean, take: (type: string, message: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  let header = typed ? 1 : 0
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= header + 4) {
      const length = header + rest.readUInt32BE(header)
      if (rest.length < length) return
      const message = rest.subarray(0, length)
      rest = rest.subarray(length)
      take(header === 0 ? "" : String.fromCharCode(message[0] ?? 0), message)
      header = 1
    }
  }
}

/** `kill` is called once; nothing passes any more from then on. */
export const killProxy = (server: Redacted.Redacted, at: Kill | undefined, kill: () => void) =>
  Effect.gen(function* () {
    const target = new URL(Redacted.value(server))
    const sockets = new Set<Net.Socket>()
    let messages = 0
    let dead = false
    const die = () => {
      if (dead) return
      dead = true
      kill()
      for (const socket of sockets) socket.destroy()
    }

    const join = (client: Net.Socket) => {
      const upstream = Net.connect({ host: target.hostname, port: Number(target.port), noDelay: true })
      client.setNoDelay(true)
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on("error", () => socket.destroy())
        socket.on("close", () => {
          client.destroy()
          upstream.destroy()
        })
      }
      let unit: Array<Buffer> = []
      let waiting = false
      const forward = messagesOf(false, (type, message) => {
        if (dead) return
        unit.push(message)
        const ends = type === "S" || type === "Q"
        if (ends) messages++
        const isIt = ends && messages === at?.message
        if (isIt && at?.moment === "before") return die()
        // What logs in is not waited for, and neither is the end of it.
        if (!ends && (type === "P" || type === "B" || type === "D" || type === "E" || type === "C")) return
        upstream.write(Buffer.concat(unit), () => isIt && at?.moment === "sent" && die())
        unit = []
        waiting ||= isIt && at?.moment === "answered"
      })
      const back = messagesOf(true, (type, message) => {
        if (dead) return
        if (waiting && type === "Z") return die()
        if (!waiting) client.write(message)
      })
      client.on("data", forward)
      upstream.on("data", back)
    }

    const proxy = yield* Effect.acquireRelease(
      Effect.callback<Net.Server>((resume) => {
        const proxy = Net.createServer(join)
        proxy.listen(0, "127.0.0.1", () => resume(Effect.succeed(proxy)))
      }),
      (proxy) =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          proxy.close()
        })
    )
    const url = new URL(target)
    url.hostname = "127.0.0.1"
    url.port = String((proxy.address() as Net.AddressInfo).port)
    return { url: Redacted.make(url.href), messages: () => messages } satisfies KillProxy
  })
