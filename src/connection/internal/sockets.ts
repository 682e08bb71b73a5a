/**
 * The sockets of a pool. pgkeel opens them itself, so that it can count them and,
 * when a shutdown has waited long enough, close those that are still in use.
 */
import * as Duration from "effect/Duration"
import * as Net from "node:net"
import type { Settings } from "../../config/Settings.ts"
import type { LoginUnavailable } from "../../error/Reason.ts"

const keepAliveMillis = (settings: Settings): number => Math.max(1000, Duration.toMillis(settings.keepAlive))

const address = (settings: Settings): Net.NetConnectOpts =>
  settings.host.startsWith("/")
    ? { path: `${settings.host}/.s.PGSQL.${settings.port}` }
    : {
        host: settings.host,
        port: settings.port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveMillis(settings)
      }

export class Sockets {
  readonly #open = new Set<Net.Socket>()
  readonly #settings: Settings
  #refusal: LoginUnavailable | undefined
  #ended = 0

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Makes the next connection fail with `reason` before it is tried. */
  refuseNext(reason: LoginUnavailable): void {
    this.#refusal = reason
  }

  /** Sockets that are connected or connecting. One that carries a cancel request counts while it lasts. */
  get size(): number {
    return this.#open.size
  }

  /** How many have ended so far: who remembers the number knows whether any has ended since. */
  get ended(): number {
    return this.#ended
  }

  /** Throws a refusal: the driver turns what its factory throws into the cause of a typed error. */
  readonly connect = (): Net.Socket => {
    const refusal = this.#refusal
    this.#refusal = undefined
    if (refusal !== undefined) throw refusal
    const socket = Net.connect(address(this.#settings))
    this.#open.add(socket)
    // A connection that is ended towards a host which no longer answers never closes.
    socket.once("finish", () => this.#ended++)
    socket.once("close", () => {
      this.#ended++
      this.#open.delete(socket)
    })
    return socket
  }

  /** Cuts every connection. The work on them fails with a lost connection. */
  readonly destroyAll = (): void => {
    for (const socket of this.#open) socket.destroy()
  }
}
