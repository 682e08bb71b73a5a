/**
 * A proxy in front of a real server: it counts round trips, and it cuts.
 */
import { Context, Effect, Layer, Redacted } from "effect"
import * as Net from "node:net"
import { TestDatabase } from "./Database.ts"

/** When a proxy cuts a connection. */
export type Cut =
  /** Before anything of a client message that holds this text has gone on to the server. */
  | { readonly before: string }
  /** After the server has had the message, before its answer has reached the client. */
  | { readonly after: string }

interface Counters {
  /** How often a client wrote after it had heard from the server, or for the first time. */
  roundTrips: number
  connections: number
  /** Those that were refused too. */
  attempts: number
}

export class Proxy extends Context.Service<
  Proxy,
  {
    readonly port: number
    readonly url: Redacted.Redacted
    readonly counters: Counters
    /** Cuts the next connection that sends this text; it has to come before the next one is asked for, and before the end. */
    readonly cutNext: (cut: Cut) => Effect.Effect<void>
    /** Cuts every connection now. */
    readonly cutAll: Effect.Effect<void>
    /** Lets every second request to cancel arrive so many milliseconds late, as TLS or a busy server may. */
    readonly setCancelDelay: (millis: number) => Effect.Effect<void>
    /** Refuses to be connected to while true. */
    readonly setRefusing: (refusing: boolean) => Effect.Effect<void>
  }
>()("pgkeel/test/Proxy") {
  static readonly layer = Layer.effect(
    Proxy,
    Effect.gen(function* () {
      const { host, port, url } = yield* TestDatabase
      const counters: Counters = { roundTrips: 0, connections: 0, attempts: 0 }
      const sockets = new Set<Net.Socket>()
      let pending: Cut | undefined
      let refusing = false
      let cancelDelay = 0
      let cancels = 0

      const join = (client: Net.Socket) => {
        counters.attempts++
        if (refusing) {
          client.destroy()
          return
        }
        counters.connections++
        const upstream = Net.connect({ host, port, noDelay: true })
        client.setNoDelay(true)
        let heard = true
        let dropAnswers = false
        let isCancelling = false
        const end = () => {
          client.destroy()
          if (!isCancelling) upstream.destroy()
        }
        for (const socket of [client, upstream]) {
          sockets.add(socket)
          socket.on("error", end)
          socket.on("close", () => {
            sockets.delete(socket)
            end()
          })
        }
        client.on("data", (chunk) => {
          if (cancelDelay > 0 && isCancel(chunk) && cancels++ % 2 === 1) {
            isCancelling = true
            setTimeout(() => upstream.write(chunk), cancelDelay)
            return
          }
          if (heard) counters.roundTrips++
          heard = false
          const text = chunk.toString("latin1")
          if (pending !== undefined && "before" in pending && text.includes(pending.before)) {
            pending = undefined
            return end()
          }
          if (pending !== undefined && "after" in pending && text.includes(pending.after)) {
            pending = undefined
            dropAnswers = true
          }
          upstream.write(chunk)
        })
        upstream.on("data", (chunk) => {
          if (dropAnswers) return end()
          heard = true
          client.write(chunk)
        })
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
      /** A test whose cut never came has shown nothing. */
      const allCut = Effect.suspend(() =>
        pending === undefined ? Effect.void : Effect.die(`a cut never came: ${JSON.stringify(pending)}`)
      )
      yield* Effect.addFinalizer(() => allCut)
      const address = server.address() as Net.AddressInfo
      const proxied = new URL(Redacted.value(url))
      proxied.port = String(address.port)
      proxied.hostname = "127.0.0.1"
      return {
        port: address.port,
        url: Redacted.make(proxied.toString()),
        counters,
        cutNext: (cut) =>
          Effect.andThen(
            allCut,
            Effect.sync(() => void (pending = cut))
          ),
        cutAll: Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
        }),
        setCancelDelay: (millis) => Effect.sync(() => void (cancelDelay = millis)),
        setRefusing: (value) => Effect.sync(() => void (refusing = value))
      }
    })
  )
}

/** A CancelRequest (manual, 53.7). */
const isCancel = (chunk: Buffer): boolean => chunk.length === 16 && chunk.readInt32BE(4) === 80_877_102
