/**
 * One PostgreSQL server for a whole test run; each test file makes a database
 * of its own on it.
 */
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import type { TestProject } from "vitest/node"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { chosenServer } from "./chosenServer.ts"

declare module "vitest" {
  export interface ProvidedContext {
    readonly pgkeelServer: {
      readonly url: string
      readonly host: string
      readonly port: number
      readonly username: string
      readonly password: string
      readonly version: string
      readonly majorVersion: number
    }
  }
}

export default async (project: TestProject) => {
  const scope = Scope.makeUnsafe()
  const server = await Layer.buildWithScope(
    EmbeddedPostgres.layer({
      ...chosenServer(),
      settings: { max_connections: "300", shared_preload_libraries: "pg_stat_statements" }
    }),
    scope
  ).pipe(
    Effect.map((context) => Context.get(context, EmbeddedPostgres)),
    Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
    Effect.runPromise
  )
  project.provide("pgkeelServer", {
    url: Redacted.value(server.url),
    host: server.host,
    port: server.port,
    username: server.username,
    password: Redacted.value(server.password),
    version: server.version,
    majorVersion: server.majorVersion
  })
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
