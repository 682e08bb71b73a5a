/**
 * A proxy that has a process killed at a chosen statement: before the server has
 * it, as soon as the server has it, or once the server has answered and the
 * process has not heard it. A client may send several in one message, which ends
 * with a Sync; the server has then what comes before the one chosen, and answers
 * no more than the whole.
 */
import { Effect, Redacted } from "effect"
import * as Net from "node:net"

export type Moment = "before" | "sent" | "answered"

export interface Kill {
  /** Which statement, counted from 1, after the client has logged in. */
  readonly statement: number
  readonly moment: Moment
}

export interface KillProxy {
  readonly url: Redacted.Redacted
  /** How many messages have passed. */
  readonly messages: () => number
  /** The statements that have passed, and of each whether it was the last of its message. */
  readonly statements: () => ReadonlyArray<{ readonly isLast: boolean }>
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
    const statements: Array<{ readonly isLast: boolean }> = []
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
      let isExecuted = false
      let isLastSent = false
      let waiting = false
      const pass = (ended: "statement" | "message" | "login") => {
        if (ended !== "login") statements.push({ isLast: ended === "message" })
        const isIt = ended !== "login" && statements.length === at?.statement
        if (isIt && at?.moment === "before") return die()
        isLastSent = isIt && at?.moment === "sent"
        upstream.write(Buffer.concat(unit), isLastSent ? die : undefined)
        unit = []
        isExecuted = false
        waiting ||= isIt && at?.moment === "answered"
      }
      const forward = messagesOf(false, (type, message) => {
        if (isExecuted && ["P", "B", "C"].includes(type)) pass("statement")
        if (dead || isLastSent) return
        unit.push(message)
        isExecuted ||= type === "E"
        // What logs in is not waited for, and neither is the end of it.
        if (type === "S" || type === "Q") pass("message")
        else if (isExecuted && type === "H") pass("statement")
        else if (!["P", "B", "D", "E", "C"].includes(type)) pass("login")
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
    return {
      url: Redacted.make(url.href),
      messages: () => statements.filter(({ isLast }) => isLast).length,
      statements: () => statements
    } satisfies KillProxy
  })
