/**
 * A process that migrates once: it says that it is there, waits for a line with
 * what to do, does it, writes what it ran, and ends with 0 if that succeeded.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, Redacted, References } from "effect"
import { createInterface } from "node:readline"
import { DatabaseConfig } from "../../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../../src/connection/ConnectionManager.ts"
import { Migrator } from "../../../src/migration/Migrator.ts"
import { code } from "./migrations.ts"

export interface Order {
  readonly url: string
  readonly directory: string
  readonly direction: "up" | "down"
}

export const migrate = ({ directory, direction, url }: Order) => {
  const sources = [
    { namespace: "files", directory },
    { namespace: "code", migrations: code }
  ]
  const run = Effect.gen(function* () {
    const migrator = yield* Migrator
    if (direction === "up") return (yield* migrator.up()).applied
    const code = yield* migrator.down({ all: true, namespace: "code" })
    return [...code.reverted, ...(yield* migrator.down({ all: true, namespace: "files" })).reverted]
  })
  return run.pipe(
    Effect.map((results) => results.map(({ id, namespace }) => `${namespace}/${id}`)),
    Effect.provide(
      Migrator.layer({ sources, lockBackoff: "50 millis" }).pipe(
        Layer.provide(ConnectionManager.layer()),
        Layer.provide(DatabaseConfig.layer({ url: Redacted.make(url), sslMode: "disable", maxConnections: 1 })),
        Layer.provide(NodeServices.layer)
      ),
      { local: true }
    ),
    Effect.provideService(References.MinimumLogLevel, "Fatal")
  )
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write("ready\n")
  createInterface(process.stdin).once("line", (line) => {
    void Effect.runPromise(migrate(JSON.parse(line) as Order)).then(
      (ran) => {
        process.stdout.write(`${JSON.stringify(ran)}\n`)
        process.exit(0)
      },
      (error) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
      }
    )
  })
}
