/**
 * A program that starts a server, prints one line of JSON about it and keeps it,
 * or leaves without finalizers when its second argument is "exit".
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Option } from "effect"
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from "../../../src/testing/index.ts"

const [, , options = "{}", mode = "hold"] = process.argv

const parse = (text: string): EmbeddedPostgresOptions => JSON.parse(text)

const program = Effect.gen(function* () {
  const server = yield* EmbeddedPostgres
  const { dataDirectory, port, version } = server
  const processId = Option.getOrUndefined(yield* server.processId)
  yield* Console.log(JSON.stringify({ dataDirectory, port, processId, uid: process.getuid?.(), version }))
  if (mode === "exit") yield* Effect.sync(() => process.exit(0))
  yield* Effect.never
})

NodeRuntime.runMain(Effect.provide(program, EmbeddedPostgres.layer(parse(options))))
