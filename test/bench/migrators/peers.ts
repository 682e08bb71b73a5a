/**
 * The migrators that are compared, each as its own documentation says to run it
 * from a program: it connects, brings the database up to date, and disconnects.
 */
import { NodeServices } from "@effect/platform-node"
import { PgClient, PgMigrator } from "@effect/sql-pg"
import { drizzle } from "drizzle-orm/node-postgres"
import { migrate as migrateDrizzle } from "drizzle-orm/node-postgres/migrator"
import { Effect, Layer, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { Kysely, PostgresDialect, sql as kyselySql } from "kysely"
import { type Migration, Migrator as KyselyMigrator } from "kysely/migration"
import { runner } from "node-pg-migrate"
import { execFile } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { Pool } from "pg"
import { DatabaseConfig } from "../../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../../src/connection/ConnectionManager.ts"
import { Migrator } from "../../../src/migration/Migrator.ts"
import { type Folders, hash, idOf, nameOf } from "./files.ts"

export type Run = (url: string, folders: Folders) => Promise<void>

const quiet = Effect.provideService(References.MinimumLogLevel, "Fatal")

const withMigrator = (
  url: string,
  { pgkeel: directory }: Folders,
  use: (migrator: Migrator["Service"]) => Effect.Effect<unknown, unknown>
): Promise<void> =>
  Effect.flatMap(Migrator, use).pipe(
    Effect.provide(
      Migrator.layer({ sources: [{ namespace: "app", directory }] }).pipe(
        Layer.provide(ConnectionManager.layer()),
        Layer.provide(DatabaseConfig.layer({ url: Redacted.make(url), sslMode: "disable", maxConnections: 1 })),
        Layer.provide(NodeServices.layer)
      )
    ),
    quiet,
    Effect.asVoid,
    Effect.runPromise
  )

export const pgkeel: Run = (url, folders) => withMigrator(url, folders, ({ up }) => up())

/** All of them count as applied, and nothing is run. */
export const baseline: Run = (url, folders) =>
  withMigrator(url, folders, ({ baseline }) => baseline({ to: idOf(folders.count - 1) }))

/** One process for all files, each in a transaction of its own: nothing is recorded and nothing is checked. */
export const psql: Run = async (url, { psqlScript }) => {
  await promisify(execFile)("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", psqlScript, url])
}

export const effectSql: Run = (url, { statements }) => {
  const migrations = Object.fromEntries(
    statements.map((statement, index) => [
      nameOf(index),
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))
    ])
  )
  return PgMigrator.run({ loader: PgMigrator.fromRecord(migrations) }).pipe(
    Effect.provide(Layer.merge(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }), NodeServices.layer)),
    quiet,
    Effect.asVoid,
    Effect.runPromise
  )
}

/** Its end does not wait for the connection's, which the database is dropped under. */
const poolOf = (connectionString: string): Pool => new Pool({ connectionString, max: 1 }).on("error", () => undefined)

export const drizzleOrm: Run = async (url, { drizzle: migrationsFolder }) => {
  const pool = poolOf(url)
  await migrateDrizzle(drizzle(pool), { migrationsFolder })
  await pool.end()
}

export const nodePgMigrate: Run = async (url, { nodePgMigrate: dir }) => {
  const quietly = () => undefined
  const logger = { debug: quietly, info: quietly, warn: quietly, error: quietly }
  await runner({ databaseUrl: url, dir, direction: "up", migrationsTable: "pgmigrations", logger })
}

export const kysely: Run = async (url, { statements }) => {
  const pool = poolOf(url)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const migrations = Object.fromEntries(
    statements.map((statement, index): [string, Migration] => [
      nameOf(index),
      { up: async (tx) => void (await kyselySql.raw(statement).execute(tx)) }
    ])
  )
  const { error } = await new KyselyMigrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) }
  }).migrateToLatest()
  await db.destroy()
  if (error !== undefined) throw error
}

/** What nobody can do without who looks for edits: connect, ask something, read and hash every file. */
export const bareLoop: Run = (url, { pgkeel: directory }) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`SELECT 1`
    yield* Effect.promise(async () => {
      for (const name of await readdir(directory)) hash(await readFile(join(directory, name)))
    })
  }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })), Effect.runPromise)
