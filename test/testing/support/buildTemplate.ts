/**
 * A program that begins to build a template and never ends; it is there to be
 * killed. The server's URL comes in the environment.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "../../../src/testing/index.ts"

const build = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE half_built (n int)`
  yield* Console.log("building")
  return yield* Effect.never
})

const url = Redacted.make(process.env["TEST_SERVER_URL"] ?? "")

NodeRuntime.runMain(Layer.launch(TestDatabase.layerServer(url, { template: { key: "killed", build } })))
