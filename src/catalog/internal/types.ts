/** Types that a database has beside PostgreSQL's own. */
import * as Schema from "effect/Schema"
import { Flag, inSchema, Text } from "./parts.ts"

export const Enum = Schema.Struct({
  kind: Schema.Literal("enum"),
  ...inSchema,
  /** In their order. */
  labels: Schema.Array(Schema.String)
})
export type Enum = typeof Enum.Type

export const Domain = Schema.Struct({
  kind: Schema.Literal("domain"),
  ...inSchema,
  type: Schema.String,
  notNull: Flag,
  default: Text,
  collation: Text,
  constraints: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, definition: Schema.String, notValid: Flag, comment: Text }))
  )
})
export type Domain = typeof Domain.Type

export const CompositeType = Schema.Struct({
  kind: Schema.Literal("composite type"),
  ...inSchema,
  /** In their order. */
  attributes: Schema.Array(Schema.Struct({ name: Schema.String, type: Schema.String, collation: Text, comment: Text }))
})
export type CompositeType = typeof CompositeType.Type

export const RangeType = Schema.Struct({
  kind: Schema.Literal("range type"),
  ...inSchema,
  subtype: Schema.String,
  collation: Text,
  operatorClass: Text,
  canonical: Text,
  difference: Text,
  multirange: Schema.String
})
export type RangeType = typeof RangeType.Type
