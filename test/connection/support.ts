/** Managers on servers that are not the run's own. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Fiber, Layer, Redacted, References, Stream } from "effect"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import type { DatabaseOptions } from "../../src/config/Settings.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"

export interface Target {
  readonly host?: string
  readonly port: number
  readonly database?: string
  readonly username?: string
  readonly password?: Redacted.Redacted
}

/** A listening server is a target too, and has more fields. */
const fieldsOf = ({ database, host = "127.0.0.1", password, port, username = "nobody" }: Target) => ({
  host,
  port,
  username,
  ...(database !== undefined && { database }),
  ...(password !== undefined && { password })
})

export const manager = (target: Target, options: DatabaseOptions = {}) =>
  Layer.fresh(ConnectionManager.layer()).pipe(
    Layer.provide(
      DatabaseConfig.layer({
        sslMode: "disable",
        startTimeout: "1 second",
        ...fieldsOf(target),
        ...options
      })
    ),
    Layer.provide(NodeServices.layer),
    Layer.orDie
  )

/** Runs with a manager whose warnings about servers that are not there stay out of the test's output. */
export const withManager = <A, E, R>(target: Target, options: DatabaseOptions, use: Effect.Effect<A, E, R>) =>
  Effect.provide(use, manager(target, options), { local: true }).pipe(
    Effect.provideService(References.MinimumLogLevel, "Fatal")
  )

/** What `connect` ends with, and the states that were seen until then. */
export const connecting = (target: Target, options: DatabaseOptions = {}) =>
  withManager(
    target,
    options,
    Effect.gen(function* () {
      const { changes, connect } = yield* ConnectionManager
      const watching = yield* Effect.forkChild(
        changes.pipe(
          Stream.map(({ _tag }) => _tag),
          Stream.takeUntil((tag) => tag === "Connected" || tag === "Failed"),
          Stream.runCollect
        ),
        { startImmediately: true }
      )
      const exit = yield* Effect.exit(connect)
      return { exit, states: yield* Fiber.join(watching) }
    })
  )

/** The error of `connecting`, whose states are to be checked too. */
export const refused = (target: Target, options: DatabaseOptions = {}) =>
  Effect.gen(function* () {
    const { exit, states } = yield* connecting(target, options)
    const error = yield* Effect.flip(exit)
    return { error, states }
  })
