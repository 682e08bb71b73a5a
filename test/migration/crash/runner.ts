/**
 * A process that migrates: it says that it is there, and for each line with what
 * to do it writes a line with what it ran, or why that failed.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, Redacted, References } from "effect"
import { flushCompileCache } from "node:module"
import { createInterface } from "node:readline"
import { DatabaseConfig } from "../../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../../src/connection/ConnectionManager.ts"
import { Migrator } from "../../../src/migration/Migrator.ts"
import { code } from "./migrations.ts"

export interface Order {
  readonly url: string
  readonly directory: string
  readonly direction: "up" | "down"
  /** Whether the migrations in code belong to it. */
  readonly code: boolean
}

/** What came of it; what ran is there as `<namespace>/<id>`. */
export interface Answer {
  readonly ran: ReadonlyArray<string>
  readonly failure?: string
}

export const migrate = ({ code: withCode, directory, direction, url }: Order) => {
  const sources = [{ namespace: "files", directory }, ...(withCode ? [{ namespace: "code", migrations: code }] : [])]
  const run = Effect.gen(function* () {
    const migrator = yield* Migrator
    if (direction === "up") return (yield* migrator.up()).applied
    const code = yield* migrator.down({ all: true, namespace: "code" })
    return [...code.reverted, ...(yield* migrator.down({ all: true, namespace: "files" })).reverted]
  })
  return run.pipe(
    Effect.map((results) => results.map(({ id, namespace }) => `${namespace}/${id}`)),
    Effect.provide(
      Migrator.layer({ sources, lockBackoff: "50 millis", lockPatience: "5 minutes" }).pipe(
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
  const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)
  // Most of these processes are killed, and what they have compiled would be lost with them.
  flushCompileCache()
  say("ready")
  createInterface(process.stdin).on("line", (line) => {
    const answer = Effect.match(migrate(JSON.parse(line) as Order), {
      onFailure: (error): Answer => ({ ran: [], failure: String(error) }),
      onSuccess: (ran): Answer => ({ ran })
    })
    void Effect.runPromise(answer).then(say)
  })
}
