/** A way to a server that takes time, each way alike, and lets as much through as comes. */
import { Effect, Redacted } from "effect"
import type { Scope } from "effect"
import * as Net from "node:net"

/** Hands on what comes from one socket to another, so many milliseconds later, in its order. */
const hand = (from: Net.Socket, to: Net.Socket, millis: number) => {
  const waiting: Array<{ readonly chunk: Buffer; readonly due: number }> = []
  const send = () => {
    const now = performance.now()
    // A timer fires late rather than early, so what is nearly due goes along.
    while (waiting[0] !== undefined && waiting[0].due - now < 0.2) to.write(waiting.shift()?.chunk ?? "")
    if (waiting[0] !== undefined) setTimeout(send, waiting[0].due - now)
  }
  from.on("data", (chunk: Buffer) => {
    if (waiting.push({ chunk, due: performance.now() + millis }) === 1) setTimeout(send, millis)
  })
  for (const event of ["error", "close"]) from.on(event, () => to.destroy())
}

/** The URL of a server, by a way that takes `millis` more in either direction. */
export const delayed = (url: Redacted.Redacted, millis: number): Effect.Effect<Redacted.Redacted, never, Scope.Scope> =>
  Effect.gen(function* () {
    const target = new URL(Redacted.value(url))
    const sockets = new Set<Net.Socket>()
    const join = (client: Net.Socket) => {
      const upstream = Net.connect({ host: target.hostname, port: Number(target.port), noDelay: true })
      client.setNoDelay(true)
      hand(client, upstream, millis)
      hand(upstream, client, millis)
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
      }
    }
    const server = yield* Effect.acquireRelease(
      Effect.callback<Net.Server>((resume) => {
        const server = Net.createServer(join)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    )
    const { port } = server.address() as Net.AddressInfo
    const away = new URL(target)
    away.hostname = "127.0.0.1"
    away.port = String(port)
    return Redacted.make(away.toString())
  })
