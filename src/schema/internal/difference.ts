/** What a difference between two schemas is. */
import * as Schema from "effect/Schema"

export const Difference = Schema.Struct({
  /** What it is: `table`, `column`, `constraint`, `index`, `grant`, `view`, `function`, ... */
  kind: Schema.String,
  /** Its qualified name, that of its table before its own: `public.users.email`. */
  object: Schema.String,
  /** As seen from what is expected: `removed` is missing, `added` is there and not expected. */
  change: Schema.Literals(["added", "removed", "changed"]),
  /** What of it is otherwise, where it is `changed`: `type`, `default`, `owner`. */
  attribute: Schema.optionalKey(Schema.String),
  /** What is expected; without it, nothing is. */
  from: Schema.optionalKey(Schema.Json),
  /** What is there. */
  to: Schema.optionalKey(Schema.Json),
  /** The same for a reader, in one line: `type: text -> integer`. */
  detail: Schema.String
})
export type Difference = typeof Difference.Type
