/**
 * The whole schema of a database as a value, read in one round trip.
 *
 * Whoever may connect may read it: PostgreSQL lets everybody read its catalogues,
 * whatever the login may do with the tables. Two reads of the same schema are the
 * same value, on whichever database, by whichever login and with whichever
 * settings, unless a session names a schema with operators of its own before
 * `pg_catalog` on its path; so are the snapshot of a database and that of its
 * restored dump. What `pg_dump --schema-only` would write differently makes two
 * snapshots differ, but for the order in which grants were made; and so do an index
 * that became invalid and another version of an extension, of which it says nothing.
 *
 * Not in it: PostgreSQL's own schemas, temporary objects, the package's own schema
 * (`pgkeel`), what belongs to an extension, roles and tablespaces (which belong to
 * the server), and what only some logins can read (options of user mappings, the
 * connection of a subscription).
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import { createHash } from "node:crypto"
import { DatabaseError } from "../error/DatabaseError.ts"
import { InvalidResult } from "../error/Reason.ts"
import { canonical } from "./internal/canonical.ts"
import { statements } from "./internal/statements.ts"
import { SchemaObject } from "./SchemaObject.ts"

export const format = 1

export const Snapshot = Schema.Struct({
  /** The form of the file; a later one is refused by an earlier version of the package. */
  format: Schema.Literal(format),
  /** As `server_version_num` has it: 180004. The same schema is not always written alike by another major version. */
  serverVersion: Schema.Int,
  /** SHA-256 of the objects in hexadecimal, as the server computes it. */
  hash: Schema.String,
  /** By kind, schema and name, in the order of their bytes. */
  objects: Schema.Array(SchemaObject)
})
export type Snapshot = typeof Snapshot.Type

/** The hash that the server computes of the same objects. */
export const hashOf = (objects: Snapshot["objects"]): string =>
  createHash("sha256").update(canonical(objects), "utf8").digest("hex")

/** The text of a file, which is the same for the same schema, line by line for who compares two. */
export const toText = ({ format, hash, objects, serverVersion }: Snapshot): string =>
  `${canonical({ format, serverVersion, hash, objects }, 2)}\n`

/** What the server has written from our own query has the form that is tested; thousands of tables need not be gone through once more. */
const Written = Schema.declare(
  (value: unknown): value is Snapshot["objects"] =>
    Array.isArray(value) && value.every((object: unknown) => Predicate.hasProperty(object, "kind"))
)

const decode = Schema.decodeUnknownEffect(
  Schema.Tuple([
    Schema.Struct({ serverVersion: Schema.Int, hash: Schema.String, objects: Schema.fromJsonString(Written) })
  ])
)

/** The schema of the database that `sql` is connected to: one round trip. */
export const read = Effect.fn("Snapshot.read")(function* (sql: SqlClient): Effect.fn.Return<Snapshot, DatabaseError> {
  const { snapshotQuery } = yield* statements
  const rows = yield* DatabaseError.refine(sql.unsafe(snapshotQuery).withoutTransform)
  const [row] = yield* Effect.mapError(
    decode(rows),
    (error) => new DatabaseError({ reason: new InvalidResult({ failure: error.message }) })
  )
  return { format, ...row }
})
