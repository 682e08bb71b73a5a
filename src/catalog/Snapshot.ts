/**
 * The whole schema of a database as a value, read in one round trip.
 *
 * Whoever may connect may read it: PostgreSQL lets everybody read its catalogues,
 * whatever the login may do with the tables. Two reads of the same schema are the
 * same value, on whichever database, by whichever login and with whichever
 * settings; so are the snapshot of a database and that of its restored dump. What
 * `pg_dump --schema-only` would write differently makes two snapshots differ.
 *
 * Not in it: PostgreSQL's own schemas, temporary objects, the package's own schema
 * (`pgkeel`), what belongs to an extension, roles and tablespaces (which belong to
 * the server), and what only some logins can read (options of user mappings, the
 * connection of a subscription).
 */
import * as Schema from "effect/Schema"
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
