/** One difference between two schemas, or between a schema and what is expected of it. */
import * as Schema from "effect/Schema"

export const DifferenceKind = Schema.Literals(["missing", "unexpected", "changed"])

export const Difference = Schema.Struct({
  /** `missing` from what is there, `unexpected` in it, or there and `changed`. */
  kind: DifferenceKind,
  /** What it is: `table`, `column`, `constraint`, `index`. */
  of: Schema.Literals(["table", "column", "constraint", "index"]),
  /** Its qualified name: `public.users.email`. */
  object: Schema.String,
  /** What is expected and what is there. */
  detail: Schema.String
})
export type Difference = typeof Difference.Type

/** `column public.users.email is missing (text)`. */
export const describe = ({ detail, kind, object, of }: Difference): string =>
  `${of} ${object} ${kind === "changed" ? "differs" : `is ${kind}`}${detail === "" ? "" : ` (${detail})`}`
