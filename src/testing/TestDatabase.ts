/**
 * A database of its own for each test file, cloned in milliseconds from a
 * template that was migrated once, and dropped with the scope.
 *
 * The template is built under a lock, once for each key and server, by whichever
 * process comes first; it counts as built only when PostgreSQL itself has it
 * marked as a template, so what a killed process left half-built is built again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { ConnectionManager } from "../connection/ConnectionManager.ts"
import { sandboxed } from "../connection/Sandbox.ts"
import type { DatabaseError } from "../error/DatabaseError.ts"
import { EmbeddedPostgres } from "./EmbeddedPostgres.ts"
import { acquireDatabase } from "./internal/freshDatabase.ts"
import { checkDatabaseOptions, checkServerUrl } from "./internal/optionRules.ts"
import type { Server } from "./internal/server.ts"
import { parseServer, refused } from "./internal/server.ts"
import { ensureTemplate } from "./internal/template.ts"
import type { TestDatabaseError } from "./TestDatabaseError.ts"
import type { TemplateOptions, TestDatabaseOptions } from "./TestDatabaseOptions.ts"

/** What a template's `build` may use: the template database itself, and a client connected to it. */
export type TemplateServices = TestDatabase | PgClient.PgClient | SqlClient.SqlClient

export type { TemplateOptions, TestDatabaseOptions }

const make = Effect.fnUntraced(function* <E, R>(server: Server, options: TestDatabaseOptions<E, R>) {
  const request = options.template
  const template =
    request === undefined
      ? "template1"
      : yield* ensureTemplate(server, request, (database) => Effect.provide(request.build, servicesFor(database)))
  return yield* acquireDatabase(server, { template, strategy: options.strategy })
})

const servicesFor = (database: TestDatabase["Service"]) =>
  TestDatabase.layerClient.pipe(
    Layer.catch((error) => Layer.effectContext(Effect.fail(refused("connect to", database.name)(error)))),
    Layer.provideMerge(Layer.succeed(TestDatabase, database))
  )

type Requirements<R> = Exclude<R, TemplateServices>

export class TestDatabase extends Context.Service<
  TestDatabase,
  {
    readonly name: string
    /** Of the same login as the server's, which is a superuser's on an embedded server. */
    readonly url: Redacted.Redacted
    readonly host: string
    readonly port: number
    readonly username: string
    readonly password: Redacted.Redacted
  }
>()("pgkeel/testing/TestDatabase") {
  /** A fresh database on the embedded server. */
  static readonly layer = <E = never, R = never>(
    options?: TestDatabaseOptions<E, R>
  ): Layer.Layer<TestDatabase, E | TestDatabaseError, EmbeddedPostgres | Requirements<R>> =>
    Layer.unwrap(Effect.map(EmbeddedPostgres, ({ url }) => layerOn("TestDatabase.layer", url, options)))

  /**
   * A fresh database on a server of your own, given the URL of a login that may
   * create databases. The lock under which templates are built lives in the
   * URL's database, so all processes that share them have to name the same one.
   */
  static readonly layerServer = <E = never, R = never>(
    url: Redacted.Redacted,
    options?: TestDatabaseOptions<E, R>
  ): Layer.Layer<TestDatabase, E | TestDatabaseError, Requirements<R>> =>
    layerOn("TestDatabase.layerServer", url, options)

  /**
   * A plain client of the fresh database, with a pool of its own. It is built
   * anew wherever it is provided: shared by reference, as layers are, it would
   * stay connected to the database of whichever test came first.
   */
  static readonly layerClient: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError, TestDatabase> =
    Layer.fresh(Layer.unwrap(Effect.map(TestDatabase, ({ url }) => PgClient.layer({ url }))))

  /**
   * Runs a test in a transaction that is rolled back, so that any number of tests can
   * share one database and run at once. Everything on the application's client is a
   * part of it: a session or `withTransaction` is a savepoint, one that demands a
   * transaction of its own included, and what it commits is there for the rest of the
   * test, and gone after it. A commit checks deferred constraints and runs what waits
   * for it, and a statement that fails is undone alone.
   *
   * It is one transaction on one connection, and this differs from real life: `now()`
   * stands still; sequences go on; rows that tests write wait for each other's locks
   * until the other test ends, also on the same unique value; the level of isolation
   * is the server's default, and no snapshot can be exported; a session with a
   * transaction of its own is undone with the one around it; an advisory lock that is
   * held by another session of the same test is granted, and one of a transaction
   * lasts as long as the test; `SET LOCAL` in a session lasts as long, too; a
   * notification is never delivered; `VACUUM` and the like are refused; sessions that
   * are opened at once have their turns, and one that an open session waits for never
   * gets its own. A listener has a connection of its own.
   * To open a sandbox in a sandbox is a defect.
   */
  static readonly sandbox = <A, E, R>(
    test: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | DatabaseError, R | ConnectionManager | SqlClient.SqlClient> =>
    Effect.gen(function* () {
      yield* ConnectionManager
      return yield* sandboxed(yield* SqlClient.SqlClient, test)
    }).pipe(Effect.withSpan("TestDatabase.sandbox"))
}

const layerOn = <E, R>(
  of: string,
  url: Redacted.Redacted,
  options: TestDatabaseOptions<E, R> = {}
): Layer.Layer<TestDatabase, E | TestDatabaseError, Requirements<R>> =>
  Layer.effect(
    TestDatabase,
    Effect.gen(function* () {
      yield* checkServerUrl(url)
      yield* checkDatabaseOptions(of, options)
      return yield* make(yield* parseServer(url), options)
    })
  )
