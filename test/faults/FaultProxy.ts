/**
 * A proxy in front of a real server on which nothing lasts: every connection is
 * cut, reset or stalled at some byte of some message, in either direction. Who
 * is behind it sees what a bad network, a failing pooler or a dying host does.
 */
import { Context, Effect, Layer, Redacted } from "effect"
import * as Net from "node:net"
import { TestDatabase } from "../../src/testing/TestDatabase.ts"
import { FaultyLink } from "./FaultyLink.ts"
import type { Strike } from "./FaultyLink.ts"
import { faultsOf } from "./FaultPlan.ts"
import type { Direction, Kind } from "./FaultPlan.ts"

export interface FaultCounts {
  readonly connections: number
  readonly faults: number
  /** Those that struck between the first byte of a COMMIT and the last of its answer. */
  readonly inCommit: number
  readonly byKind: Readonly<Record<Kind, Readonly<Record<Direction, number>>>>
}

const noStrikes = () => ({ request: 0, answer: 0 })

/** Keeps count, and opens the way to the server for each connection that comes in. */
class Faults {
  readonly sockets = new Set<Net.Socket>()
  readonly #byKind = { cut: noStrikes(), reset: noStrikes(), stall: noStrikes() }
  #connections = 0
  #faults = 0
  #inCommit = 0
  readonly #seed: number
  readonly #server: { readonly host: string; readonly port: number }

  constructor(seed: number, server: { readonly host: string; readonly port: number }) {
    this.#seed = seed
    this.#server = server
  }

  counts(): FaultCounts {
    const { cut, reset, stall } = this.#byKind
    return {
      connections: this.#connections,
      faults: this.#faults,
      inCommit: this.#inCommit,
      byKind: { cut: { ...cut }, reset: { ...reset }, stall: { ...stall } }
    }
  }

  readonly join = (client: Net.Socket): void => {
    const nextFault = faultsOf(this.#seed, this.#connections++)
    const upstream = Net.connect({ ...this.#server, noDelay: true })
    client.setNoDelay(true)
    for (const socket of [client, upstream]) {
      this.sockets.add(socket)
      socket.on("close", () => this.sockets.delete(socket))
    }
    new FaultyLink({ client, upstream, nextFault, onStrike: this.#count }).start()
  }

  readonly #count = ({ direction, inCommit, kind }: Strike): void => {
    this.#faults++
    if (inCommit) this.#inCommit++
    this.#byKind[kind][direction]++
  }
}

export class FaultProxy extends Context.Service<
  FaultProxy,
  {
    /** Of the test database, by way of the proxy. */
    readonly url: Redacted.Redacted
    readonly counts: Effect.Effect<FaultCounts>
  }
>()("pgkeel/test/FaultProxy") {
  static readonly layer = (seed: number) =>
    Layer.effect(
      FaultProxy,
      Effect.gen(function* () {
        const { host, port, url } = yield* TestDatabase
        const faults = new Faults(seed, { host, port })
        const server = yield* listen(faults)
        const proxied = new URL(Redacted.value(url))
        proxied.hostname = "127.0.0.1"
        proxied.port = String((server.address() as Net.AddressInfo).port)
        return { url: Redacted.make(proxied.toString()), counts: Effect.sync(() => faults.counts()) }
      })
    )
}

const listen = (faults: Faults) =>
  Effect.acquireRelease(
    Effect.callback<Net.Server>((resume) => {
      const server = Net.createServer(faults.join)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        for (const socket of faults.sockets) socket.destroy()
        server.close()
      })
  )
