/** Objects that have columns. */
import * as Schema from "effect/Schema"
import { Column, Constraint, Flag, Index, inSchema, Names, Policy, Reference, Rule, Text, Trigger } from "./parts.ts"

const relation = {
  ...inSchema,
  /** In their order. */
  columns: Schema.Array(Column),
  triggers: Schema.optionalKey(Schema.Array(Trigger)),
  rules: Schema.optionalKey(Schema.Array(Rule)),
  /** Storage parameters and the like, sorted: `fillfactor=70`, `security_barrier=true`. */
  options: Names
}

/** A table or a partition of one; partitioned when it has a `partitionKey`. */
export const Table = Schema.Struct({
  kind: Schema.Literal("table"),
  ...relation,
  constraints: Schema.optionalKey(Schema.Array(Constraint)),
  indexes: Schema.optionalKey(Schema.Array(Index)),
  policies: Schema.optionalKey(Schema.Array(Policy)),
  rowSecurity: Flag,
  /** Row security holds for the owner too. */
  forceRowSecurity: Flag,
  /** As `pg_get_partkeydef` writes it: `RANGE (created)`. */
  partitionKey: Text,
  /** `FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`. */
  bound: Text,
  /** The tables that it inherits from, in their order; of a partition the one that it belongs to. */
  parents: Schema.optionalKey(Schema.Array(Reference)),
  toastOptions: Names,
  unlogged: Flag,
  /** Where it is not `heap`. */
  accessMethod: Text,
  tablespace: Text,
  /** How replication names a row, where not by the primary key. */
  replicaIdentity: Schema.optionalKey(Schema.Literals(["nothing", "full", "index"])),
  /** The composite type that it is a table of. */
  ofType: Text
})
export type Table = typeof Table.Type

export const ForeignTable = Schema.Struct({
  kind: Schema.Literal("foreign table"),
  ...relation,
  constraints: Schema.optionalKey(Schema.Array(Constraint)),
  bound: Text,
  parents: Schema.optionalKey(Schema.Array(Reference)),
  server: Schema.String,
  foreignOptions: Names
})
export type ForeignTable = typeof ForeignTable.Type

export const View = Schema.Struct({
  kind: Schema.Literal("view"),
  ...relation,
  /** As `pg_get_viewdef` writes it. */
  definition: Schema.String
})
export type View = typeof View.Type

/** Whether it is filled is not part of the schema. */
export const MaterializedView = Schema.Struct({
  kind: Schema.Literal("materialized view"),
  ...relation,
  definition: Schema.String,
  indexes: Schema.optionalKey(Schema.Array(Index)),
  toastOptions: Names,
  accessMethod: Text,
  tablespace: Text
})
export type MaterializedView = typeof MaterializedView.Type

/** Where it stands is not part of the schema. The bounds do not fit a JavaScript number. */
export const Sequence = Schema.Struct({
  kind: Schema.Literal("sequence"),
  ...inSchema,
  type: Schema.String,
  start: Schema.String,
  increment: Schema.String,
  minimum: Schema.String,
  maximum: Schema.String,
  cache: Schema.String,
  cycle: Flag,
  unlogged: Flag,
  /** The column that it is dropped with. */
  ownedBy: Schema.optionalKey(
    Schema.Struct({ schema: Schema.String, table: Schema.String, column: Schema.String, identity: Flag })
  )
})
export type Sequence = typeof Sequence.Type
