import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError, Main, SessionFactory } from "pgkeel"

// Migrations are files of a directory or, as here, values in code.
const customer = {
  id: "1",
  name: "customer",
  up: Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE customer (email text PRIMARY KEY, added_by text)`),
  down: Effect.flatMap(SqlClient.SqlClient, (sql) => sql`DROP TABLE customer`)
}

const signUp = Effect.fn("signUp")(function* (email: string) {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  return yield* sql`INSERT INTO customer VALUES (${email}, pgkeel.current_actor())`.pipe(
    withSession({ name: "sign-up", actor: "web" }),
    Effect.as(`welcome, ${email}`),
    DatabaseError.catchReason("UniqueViolation", ({ constraint }) => Effect.succeed(`${email} is taken: ${constraint}`))
  )
})

const program = Effect.gen(function* () {
  for (const email of ["ada@example.com", "ada@example.com"]) yield* Console.log(yield* signUp(email))
})

// Starts when it is provided: connects, migrates, verifies, or fails with a type that says why not.
const Database = Main.layer({ migrations: [{ namespace: "app", migrations: [customer] }] })
NodeRuntime.runMain(Effect.provide(program, Database))
