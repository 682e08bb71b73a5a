/** Transactions of other packages, each as its documentation has them, on ten connections. */
import { Effect, Redacted } from "effect"
import { Kysely, PostgresDialect, sql } from "kysely"
import { Pool } from "pg"
import postgres from "postgres"
import type { Contender } from "./Benchmark.ts"

const max = 10

const pool = (url: Redacted.Redacted) =>
  Effect.acquireRelease(
    Effect.sync(() => new Pool({ connectionString: Redacted.value(url), max })),
    (pool) => Effect.promise(() => pool.end())
  )

const read = { name: "read", text: "SELECT $1::int AS value" }

export const pgTransaction: Contender = (url) =>
  Effect.map(pool(url), (pool) => async (index) => {
    const client = await pool.connect()
    let failed = true
    try {
      await client.query("BEGIN")
      await client.query({ ...read, values: [index] })
      await client.query({ ...read, values: [index + 1] })
      await client.query("COMMIT")
      failed = false
    } finally {
      client.release(failed)
    }
  })

export const postgresTransaction: Contender = (url) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => postgres(Redacted.value(url), { max })),
      (sql) => Effect.promise(() => sql.end())
    ),
    (sql) => (index) => sql.begin((transaction) => transaction`SELECT ${index}::int AS value`)
  )

export const kyselyTransaction: Contender = (url) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.map(
        pool(url),
        (pool) => new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool: unowned(pool) }) })
      ),
      (kysely) => Effect.promise(() => kysely.destroy())
    ),
    (kysely) => (index) =>
      kysely.transaction().execute((transaction) => sql`SELECT ${index}::int AS value`.execute(transaction))
  )

/** The pool ends with its scope, and not a second time with kysely. */
const unowned = (pool: Pool) => ({
  connect: () => pool.connect(),
  end: () => Promise.resolve(),
  options: pool.options
})
