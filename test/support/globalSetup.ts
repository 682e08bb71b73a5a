/**
 * One PostgreSQL server for a whole test run; each test file makes a database
 * of its own on it.
 */
import { NodeCrypto } from "@effect/platform-node"
import { PgConnection } from "@effect/sql-pg"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { existsSync, statfsSync } from "node:fs"
import type { TestProject } from "vitest/node"
import * as ScramVerifier from "../../src/credential/ScramVerifier.ts"
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
      readonly isInMemory: boolean
    }
  }
}

const memory = "/dev/shm"

/**
 * Temporary directories are in memory where there is plenty: hundreds of databases are
 * made and dropped, and some file systems look long for room where files have just been
 * deleted. The server's guard removes its own, also when the run is killed.
 */
const hasRoomInMemory = (): boolean => {
  if (!existsSync(memory)) return false
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > 4 * 2 ** 30
}

const inMemory = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const before = process.env["TMPDIR"]
    process.env["TMPDIR"] = memory
    return Effect.ensuring(
      effect,
      Effect.sync(() => {
        if (before === undefined) delete process.env["TMPDIR"]
        else process.env["TMPDIR"] = before
      })
    )
  })

/**
 * Thousands of connections are made in a run, each of which derives the superuser's
 * key; a password of 192 random bits needs none of the 4096 rounds.
 */
const deriveQuickly = Effect.fnUntraced(function* ({ password, url, username }: EmbeddedPostgres["Service"]) {
  const session = yield* PgConnection.make({ url })
  const verifier = Redacted.value(ScramVerifier.format(yield* ScramVerifier.make(password, { iterations: 1 })))
  yield* session.query(`ALTER ROLE "${username}" PASSWORD '${verifier}'`)
}, Effect.scoped)

/**
 * The first session of a database works out what PostgreSQL keeps in a file for the
 * later ones, and a copy that is made of files has that one, too.
 */
const visitTemplate = Effect.fnUntraced(function* (server: EmbeddedPostgres["Service"]) {
  const url = new URL(Redacted.value(server.url))
  url.pathname = "/template1"
  yield* PgConnection.make({ url: Redacted.make(url.href) })
}, Effect.scoped)

export default async (project: TestProject) => {
  const scope = Scope.makeUnsafe()
  const isInMemory = hasRoomInMemory()
  const start = Layer.buildWithScope(
    EmbeddedPostgres.layer({
      ...chosenServer(),
      settings: {
        max_connections: "300",
        shared_preload_libraries: "pg_stat_statements",
        // Nothing is looked after that lives for a second.
        autovacuum: "off",
        shared_buffers: "48MB",
        dynamic_shared_memory_type: "mmap"
      }
    }),
    scope
  )
  const server = await (isInMemory ? inMemory(start) : start).pipe(
    Effect.map((context) => Context.get(context, EmbeddedPostgres)),
    Effect.tap(deriveQuickly),
    Effect.tap(visitTemplate),
    Effect.provide(NodeCrypto.layer),
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
    majorVersion: server.majorVersion,
    isInMemory
  })
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
