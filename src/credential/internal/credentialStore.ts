/**
 * The SQL of the credential store. Every write is meant to run in a transaction
 * that holds the lock.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import { qualified } from "../../error/internal/quote.ts"
import { CredentialError, StoreUnreadable } from "../CredentialError.ts"

const Credential = Schema.Struct({
  name: Schema.String,
  role: Schema.String,
  sealed: Schema.String,
  version: Schema.Int,
  revoked: Schema.Boolean
})
export type StoredCredential = typeof Credential.Type

const Holder = Schema.Struct({ name: Schema.String, role: Schema.String })
const Version = Schema.Struct({ version: Schema.Int })
const Flag = Schema.Struct({ value: Schema.Boolean })
const Password = Schema.Struct({ password: Schema.NullOr(Schema.String) })
const Count = Schema.Struct({ count: Schema.Int })

type Failure = CredentialError | SqlError

// A role statement takes no parameters, and its text would stay in
// pg_stat_statements and in a log of DDL. So the verifier travels as a parameter
// into a setting of this transaction, and the statement is put together on the
// server. A failure is raised anew because its context would quote the statement.
const alterRole = `DO $pgkeel$
BEGIN
  EXECUTE pg_catalog.format(
    'ALTER ROLE %I WITH LOGIN PASSWORD %L',
    pg_catalog.current_setting('pgkeel.role'),
    pg_catalog.current_setting('pgkeel.verifier')
  );
  PERFORM pg_catalog.set_config('pgkeel.verifier', '', true);
EXCEPTION WHEN OTHERS THEN
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM;
END
$pgkeel$`

const disableRole = `DO $pgkeel$
BEGIN
  EXECUTE pg_catalog.format('ALTER ROLE %I WITH NOLOGIN PASSWORD NULL', pg_catalog.current_setting('pgkeel.role'));
END
$pgkeel$`

/** What the manager reads of the store and of the roles. */
const reads = (sql: SqlClient, table: Fragment) => ({
  find: (name: string): Effect.Effect<StoredCredential | undefined, Failure> =>
    Effect.map(
      rows(
        sql`SELECT name, role_name AS role, sealed, version, revoked_at IS NOT NULL AS revoked
          FROM ${table} WHERE name = ${name}`,
        Credential
      ),
      ([row]) => row
    ),

  /** A live credential that keeps `name` and `role` from going together. */
  conflict: (name: string, role: string) =>
    Effect.map(
      rows(
        sql`SELECT name, role_name AS role FROM ${table}
          WHERE revoked_at IS NULL AND (name = ${name}) <> (role_name = ${role})
          ORDER BY name LIMIT 1`,
        Holder
      ),
      ([row]) => row
    ),

  /** Compared as text: a conversion to `name` cuts at 63 bytes and could find another role. */
  roleExists: (role: string) =>
    flag(sql`SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname::pg_catalog.text = ${role}) AS value`),

  /** Asked first, because a refused query would abort a transaction of the caller. */
  verifierReadable: flag(
    sql`SELECT pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') AS value`
  ),

  /** Not traced, because a span keeps the rows of its statement. */
  verifierOf: (role: string) =>
    Effect.map(
      rows(
        sql`SELECT rolpassword AS password FROM pg_catalog.pg_authid WHERE rolname::pg_catalog.text = ${role}`,
        Password
      ).pipe(Effect.withTracerEnabled(false)),
      ([row]) => (row?.password == null ? undefined : Redacted.make(row.password, { label: "verifier" }))
    )
})

/** What the manager writes to the store. */
const writes = (sql: SqlClient, table: Fragment) => ({
  /** One writer at a time in this database: two ALTER ROLE at once fail with "tuple concurrently updated". */
  lock: sql`SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pgkeel.credential', 0))`,

  /** Puts the password in place of whatever was stored under the name, and says its version. */
  put: (credential: { name: string; role: string; keyId: string; sealed: string }) =>
    Effect.flatMap(
      rows(
        sql`INSERT INTO ${table} AS stored (name, role_name, key_id, sealed)
          VALUES (${credential.name}, ${credential.role}, ${credential.keyId}, ${credential.sealed})
          ON CONFLICT (name) DO UPDATE SET
            role_name = excluded.role_name, key_id = excluded.key_id, sealed = excluded.sealed,
            version = stored.version + 1, rotated_at = pg_catalog.now(), revoked_at = NULL
          RETURNING version`,
        Version
      ),
      ([row]) => (row === undefined ? unreadable("an upsert returned no row") : Effect.succeed(row.version))
    ),

  markRevoked: (name: string) =>
    sql`UPDATE ${table} SET revoked_at = coalesce(revoked_at, pg_catalog.now()) WHERE name = ${name}`
})

/** What the manager does to roles and their sessions. */
const roles = (sql: SqlClient) => {
  // The function returns what it set, and a span keeps the rows of its statement: so only whether it was done.
  const setting = (name: string, value: string) =>
    sql`SELECT pg_catalog.set_config(${name}, ${value}, true) IS NOT NULL AS done`

  return {
    setVerifier: (role: string, verifier: Redacted.Redacted<string>) =>
      setting("pgkeel.role", role).pipe(
        Effect.andThen(setting("pgkeel.verifier", Redacted.value(verifier))),
        Effect.andThen(sql.unsafe(alterRole))
      ),

    disable: (role: string) => setting("pgkeel.role", role).pipe(Effect.andThen(sql.unsafe(disableRole))),

    /** Ends the sessions of a role, except this one, and says how many were there. */
    terminate: (role: string) =>
      Effect.map(
        rows(
          sql`SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid))::pg_catalog.int4 AS count
            FROM pg_catalog.pg_stat_activity
            WHERE usename::pg_catalog.text = ${role} AND pid <> pg_catalog.pg_backend_pid()`,
          Count
        ),
        ([row]) => row?.count ?? 0
      )
  }
}

export const make = (sql: SqlClient, schema: string) => {
  const table = sql.literal(qualified(schema, "security_keys"))
  return { ...reads(sql, table), ...writes(sql, table), ...roles(sql) }
}

export type Store = ReturnType<typeof make>

const rows = <S extends Schema.ConstraintDecoder<unknown>>(
  query: Effect.Effect<ReadonlyArray<unknown>, SqlError>,
  schema: S
): Effect.Effect<ReadonlyArray<S["Type"]>, Failure, S["DecodingServices"]> =>
  Effect.flatMap(query, (rows) =>
    Effect.catchTag(Schema.decodeUnknownEffect(Schema.Array(schema))(rows), "SchemaError", () =>
      unreadable("a row does not have the expected columns and types")
    )
  )

const flag = (query: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
  Effect.map(rows(query, Flag), ([row]) => row?.value === true)

const unreadable = (description: string) =>
  Effect.fail(new CredentialError({ reason: new StoreUnreadable({ description }) }))
