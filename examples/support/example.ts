/**
 * Runs an example: under a title, on the database of DATABASE_URL, or else on an
 * embedded server that is gone afterwards. What fails is printed as one line.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Config, Context, Effect, Layer, Option, References } from "effect"
import { DatabaseConfig } from "pgkeel"
import { EmbeddedPostgres } from "pgkeel/testing"
import { failure, title } from "./printer.ts"

/** Yours, or one that is started here. */
const url = Effect.gen(function* () {
  const own = yield* Config.option(Config.Redacted("DATABASE_URL"))
  if (Option.isSome(own)) return own.value
  return Context.get(yield* Layer.build(EmbeddedPostgres.layer()), EmbeddedPostgres).url
})

export const runExample = <A, E>(
  name: string,
  example: Effect.Effect<A, E, DatabaseConfig | NodeServices.NodeServices>
): void => {
  const main = Effect.gen(function* () {
    yield* title(name)
    yield* Effect.provide(example, DatabaseConfig.layer({ url: yield* url, maxConnections: 6 }))
  }).pipe(
    Effect.scoped,
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.tapCause(failure),
    Effect.provide(NodeServices.layer)
  )
  NodeRuntime.runMain(main, { disableErrorReporting: true })
}
