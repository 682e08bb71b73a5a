/** Which migration a reason is about, and what messages call it. */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

/** Which migration. `file` is how people know it: a file name, or `<id>_<name>` of one given in code. */
export const subject = {
  namespace: Schema.String,
  id: Schema.String,
  name: Schema.String,
  file: Schema.String
}

export const named = (self: { readonly file: string; readonly namespace: string }) => `${self.file} (${self.namespace})`

/** ` on 2026-11-02`, or nothing where that is not known. */
export const onDay = (instant: DateTime.Utc | undefined): string =>
  instant === undefined ? "" : ` on ${DateTime.formatIsoDateUtc(instant)}`
