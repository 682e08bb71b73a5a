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

/**
 * The flag for the namespace. Commands are named with it, because without it they are about another migration, or
 * about none, where there are several namespaces.
 */
export const inNamespace = (namespace: string): string =>
  `--namespace ${/^[\w.:/-]+$/u.test(namespace) ? namespace : `'${namespace.replaceAll("'", String.raw`'\''`)}'`}`

/** What goes on with a migration that failed: of those that are to be reverted in its namespace, it is the first. */
export const commandOf = (direction: "up" | "down", namespace: string): string =>
  direction === "up" ? "`pgkeel migrate up`" : `\`pgkeel migrate down ${inNamespace(namespace)}\``

/** ` on 2026-11-02`, or nothing where that is not known. */
export const onDay = (instant: DateTime.Utc | undefined): string =>
  instant === undefined ? "" : ` on ${DateTime.formatIsoDateUtc(instant)}`
