/**
 * The objects of a schema as values, one for each thing that has a life of its
 * own; what cannot be without another (a column, a constraint, an index, a
 * trigger, a policy) is nested in that one.
 *
 * A value is the JSON that a snapshot file has. What is as usual is absent and
 * never null: a table without indexes has no `indexes`, a column that may be NULL
 * no `notNull`, an object with PostgreSQL's own grants no `grants`. So a file is
 * short, and says what is special. Whatever stands in a list and is an object has
 * a `name` that is unique in that list. Types, expressions and definitions are
 * written as with an empty `search_path`: each name has its schema, but for what
 * PostgreSQL itself brings.
 */
import * as Schema from "effect/Schema"
import {
  DefaultPrivileges,
  Defined,
  EventTrigger,
  Extension,
  ForeignGrants,
  Routine,
  SchemaNamespace
} from "./internal/others.ts"
import { ForeignTable, MaterializedView, Sequence, Table, View } from "./internal/relations.ts"
import { CompositeType, Domain, Enum, RangeType } from "./internal/types.ts"

export { Column, Constraint, ForeignKey, Grant, Index, Policy, Reference, Rule, Trigger } from "./internal/parts.ts"
export { ForeignTable, MaterializedView, Sequence, Table, View } from "./internal/relations.ts"
export { CompositeType, Domain, Enum, RangeType } from "./internal/types.ts"
export {
  DefaultPrivileges,
  Defined,
  EventTrigger,
  Extension,
  ForeignGrants,
  Routine,
  SchemaNamespace
} from "./internal/others.ts"

export const SchemaObject = Schema.Union([
  Table,
  ForeignTable,
  View,
  MaterializedView,
  Sequence,
  Enum,
  Domain,
  CompositeType,
  RangeType,
  Routine,
  SchemaNamespace,
  Extension,
  EventTrigger,
  DefaultPrivileges,
  ForeignGrants,
  Defined
])
export type SchemaObject = typeof SchemaObject.Type
export type SchemaObjectKind = SchemaObject["kind"]

const isOf =
  <K extends SchemaObjectKind>(kind: K) =>
  (object: SchemaObject): object is Extract<SchemaObject, { readonly kind: K }> =>
    object.kind === kind

export const isTable = isOf("table")
