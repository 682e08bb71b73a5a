/** A migration as the rest of this context knows it, whatever it was loaded from. */
import type * as Effect from "effect/Effect"
import type { MigrationError } from "../MigrationError.ts"
import type { MigrationEffect } from "../MigrationSource.ts"

export type Kind = "sql" | "module" | "code"

/** What `up` or `down` runs. SQL is parsed and modules are imported only when they have to run. */
export type Script =
  | { readonly _tag: "Sql"; readonly file: string; readonly text: Effect.Effect<string, MigrationError> }
  | { readonly _tag: "Module"; readonly file: string; readonly path: string }
  | { readonly _tag: "Code"; readonly file: string; readonly effect: MigrationEffect; readonly transaction: boolean }

export interface Migration {
  readonly namespace: string
  /** As it is written, leading zeros included. */
  readonly id: string
  readonly name: string
  readonly kind: Kind
  /** A migration in code has none. */
  readonly checksum: string | undefined
  readonly up: Script
  /** A module's `down` is known only once it is imported: here it is always present. */
  readonly down: Script | undefined
}

/** How the errors of this context name a migration. */
export const subject = (migration: Migration, script: Script = migration.up) => ({
  namespace: migration.namespace,
  id: migration.id,
  name: migration.name,
  file: script.file
})

/** The same for 7, 007 and 0007. */
export const idKey = (id: string): string => id.replace(/^0+(?=\d)/, "")

/** Ids are compared as numbers of any length: a timestamp of 17 digits does not fit a double. */
export const compareIds = (left: string, right: string): number => {
  const [a, b] = [idKey(left), idKey(right)]
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length
}
