/** Objects without columns: code, and what belongs to the database as a whole. */
import * as Schema from "effect/Schema"
import { common, EventFiring, Grant, Grants, inSchema, Text } from "./parts.ts"

/** The name has the types of the arguments, `add(integer, integer)`: PostgreSQL tells routines apart by both. */
export const Routine = Schema.Struct({
  kind: Schema.Literals(["function", "procedure", "aggregate"]),
  ...inSchema,
  /** A statement that creates it; of an aggregate its parts. */
  definition: Schema.String
})
export type Routine = typeof Routine.Type

export const SchemaNamespace = Schema.Struct({ kind: Schema.Literal("schema"), ...common })
export type SchemaNamespace = typeof SchemaNamespace.Type

/** What belongs to an extension is not in a snapshot. */
export const Extension = Schema.Struct({
  kind: Schema.Literal("extension"),
  name: Schema.String,
  schema: Schema.String,
  version: Schema.String,
  comment: Text
})
export type Extension = typeof Extension.Type

export const EventTrigger = Schema.Struct({
  kind: Schema.Literal("event trigger"),
  ...common,
  definition: Schema.String,
  firing: EventFiring
})
export type EventTrigger = typeof EventTrigger.Type

/** What is granted on objects that a role makes from now on; named `app IN SCHEMA shop ON TABLES`. */
export const DefaultPrivileges = Schema.Struct({
  kind: Schema.Literal("default privileges"),
  name: Schema.String,
  grants: Schema.Array(Grant)
})
export type DefaultPrivileges = typeof DefaultPrivileges.Type

/** Grants on what is PostgreSQL's own or an extension's, where they are not what came with it. */
export const ForeignGrants = Schema.Struct({
  kind: Schema.Literal("grants"),
  /** `function pg_catalog.pg_sleep(double precision)`. */
  name: Schema.String,
  grants: Grants
})
export type ForeignGrants = typeof ForeignGrants.Type

export const definedKinds = [
  "access method",
  "base type",
  "cast",
  "collation",
  "conversion",
  "foreign data wrapper",
  "foreign server",
  "language",
  "operator",
  "operator class",
  "operator family",
  "publication",
  "security label",
  "statistics",
  "subscription",
  "text search configuration",
  "text search dictionary",
  "text search parser",
  "text search template",
  "transform",
  "user mapping"
] as const

/** Everything else: a text has all that it is. */
export const Defined = Schema.Struct({
  kind: Schema.Literals(definedKinds),
  /** Absent where the kind has none. */
  schema: Text,
  ...common,
  definition: Schema.String
})
export type Defined = typeof Defined.Type
