/** What several kinds of objects have in common, and what hangs on a table. */
import * as Schema from "effect/Schema"

export const Text = Schema.optionalKey(Schema.String)
export const Flag = Schema.optionalKey(Schema.Boolean)
export const Names = Schema.optionalKey(Schema.Array(Schema.String))

/** What one role, or everybody (`public`), may do with an object. */
export const Grant = Schema.Struct({
  /** The role; `public` is everybody. */
  name: Schema.String,
  /** Sorted: `SELECT`, `INSERT WITH GRANT OPTION`, or `UPDATE BY admin` where not the owner has granted it. */
  privileges: Schema.Array(Schema.String)
})
export type Grant = typeof Grant.Type

export const Grants = Schema.optionalKey(Schema.Array(Grant))

/** What nearly every kind of object has. */
export const common = {
  name: Schema.String,
  /** The role that owns it; absent where PostgreSQL knows no owner. */
  owner: Text,
  comment: Text,
  /** Everything that is granted; absent when it is what PostgreSQL grants by itself. */
  grants: Grants
}

export const inSchema = { schema: Schema.String, ...common }

/** A table, view or index by its names. */
export const Reference = Schema.Struct({ schema: Schema.String, name: Schema.String })
export type Reference = typeof Reference.Type

export const Column = Schema.Struct({
  name: Schema.String,
  /** As `format_type` writes it: `character varying(20)`. */
  type: Schema.String,
  notNull: Flag,
  default: Text,
  identity: Schema.optionalKey(Schema.Literals(["always", "by default"])),
  /** The expression that the column is generated from. */
  generated: Text,
  /** True where the expression is computed when it is read (PostgreSQL 18), and not stored. */
  virtual: Flag,
  /** Where it is not the type's. */
  collation: Text,
  /** `plain`, `external`, `extended` or `main`, where it is not the type's. */
  storage: Text,
  compression: Text,
  /** The statistics target, where one was set. */
  statistics: Schema.optionalKey(Schema.Int),
  options: Names,
  /** Of a foreign table's column; names and values. */
  foreignOptions: Names,
  /** It stands in the table only because a parent has it. */
  inherited: Flag,
  comment: Text,
  grants: Grants
})
export type Column = typeof Column.Type

export const Action = Schema.Literals(["no action", "restrict", "cascade", "set null", "set default"])

export const ForeignKey = Schema.Struct({
  schema: Schema.String,
  table: Schema.String,
  columns: Schema.Array(Schema.String),
  onUpdate: Action,
  onDelete: Action,
  /** `MATCH FULL`: all of its columns are NULL or none is. */
  full: Flag
})
export type ForeignKey = typeof ForeignKey.Type

export const Constraint = Schema.Struct({
  name: Schema.String,
  kind: Schema.Literals(["primary key", "unique", "foreign key", "check", "exclusion", "not null"]),
  /** In the order of the constraint; of a CHECK those that it reads. */
  columns: Schema.Array(Schema.String),
  /** Of a foreign key: what it points to. */
  references: Schema.optionalKey(ForeignKey),
  /** As `pg_get_constraintdef` writes it: `CHECK ((price > 0)) NOT VALID`. */
  definition: Schema.String,
  /** It was added with NOT VALID and never validated: older rows may break it. */
  notValid: Flag,
  /** It stands in the table only because a parent has it. */
  inherited: Flag,
  comment: Text
})
export type Constraint = typeof Constraint.Type

export const Index = Schema.Struct({
  name: Schema.String,
  /** As `pg_get_indexdef` writes it; absent where the constraint that it carries says it. */
  definition: Text,
  unique: Flag,
  /** Its key columns in order; an empty text stands for an expression. Those of INCLUDE are not among them. */
  columns: Schema.Array(Schema.String),
  /** It carries the constraint of the same name. */
  constraint: Flag,
  /** What a CREATE INDEX CONCURRENTLY left behind when it failed; PostgreSQL does not read it. */
  invalid: Flag,
  /** The table was last clustered by it. */
  clustered: Flag,
  /** It is the table's replica identity. */
  replicaIdentity: Flag,
  /** The index of the partitioned table that it is a part of. */
  attachedTo: Schema.optionalKey(Reference),
  /** Storage parameters: `fillfactor=70`. */
  options: Names,
  tablespace: Text,
  /** Statistics targets of its columns, as `number: target`. */
  statistics: Names,
  comment: Text
})
export type Index = typeof Index.Type

/** Absent: it fires as usual, which is not in a replica's sessions. */
const Firing = Schema.optionalKey(Schema.Literals(["disabled", "replica", "always"]))

export const Trigger = Schema.Struct({
  name: Schema.String,
  /** As `pg_get_triggerdef` writes it. */
  definition: Schema.String,
  firing: Firing,
  /** It stands on a partition because the partitioned table has it, and fires otherwise than that one. */
  inherited: Flag,
  comment: Text
})
export type Trigger = typeof Trigger.Type

export const Rule = Schema.Struct({
  name: Schema.String,
  /** As `pg_get_ruledef` writes it. */
  definition: Schema.String,
  firing: Firing,
  comment: Text
})
export type Rule = typeof Rule.Type

export const Policy = Schema.Struct({
  name: Schema.String,
  command: Schema.Literals(["all", "select", "insert", "update", "delete"]),
  restrictive: Flag,
  /** Sorted; `public` is everybody. */
  roles: Schema.Array(Schema.String),
  using: Text,
  check: Text,
  comment: Text
})
export type Policy = typeof Policy.Type

export const EventFiring = Firing
