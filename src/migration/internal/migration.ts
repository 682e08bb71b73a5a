/** A migration as the rest of this context knows it, whatever it was loaded from. */
import type * as Effect from "effect/Effect"
import type { MigrationError } from "../MigrationError.ts"
import type { MigrationEffect } from "../MigrationSource.ts"

/** A repeatable one is SQL that runs again whenever it has changed; the others run once. */
export type Kind = "sql" | "module" | "code" | "repeatable"

/** What `up` or `down` runs. SQL is parsed and modules are imported only when they have to run. */
export type Script =
  | { readonly _tag: "Sql"; readonly file: string; readonly text: Effect.Effect<string, MigrationError> }
  | { readonly _tag: "Module"; readonly file: string; readonly path: string }
  | { readonly _tag: "Code"; readonly file: string; readonly effect: MigrationEffect; readonly transaction: boolean }

export interface Migration {
  readonly namespace: string
  /** As it is written, leading zeros and dashes included. Of a repeatable one `R__<name>`. */
  readonly id: string
  readonly name: string
  readonly kind: Kind
  /**
   * Of what `up` runs: a `down` or a `verify` may be corrected after the `up` was
   * applied. Of the whole file if that is a module. A migration in code has none.
   */
  readonly checksum: string | undefined
  readonly up: Script
  /** A module's `down` is known only once it is imported: here it is always present. */
  readonly down: Script | undefined
  /** What checks the work of `up`. Of a module it is always present, as `down` is. */
  readonly verify: Script | undefined
}

/** How the errors of this context name a migration. */
export const subject = (migration: Migration, script: Script = migration.up) => ({
  namespace: migration.namespace,
  id: migration.id,
  name: migration.name,
  file: script.file
})

/** The form of an id, for regular expressions: digits, between which there may be dashes. */
export const idForm = String.raw`\d+(?:-\d+)*`

const wholeId = new RegExp(`^${idForm}$`, "u")

export const isId = (text: string): boolean => wholeId.test(text)

/** The same for 7, 007, 0007 and 00-07. */
export const idKey = (id: string): string => (isRepeatable(id) ? id : id.replaceAll("-", "").replace(/^0+(?=\d)/u, ""))

export const isRepeatable = (id: string): boolean => id.startsWith("R__")

/**
 * Ids are compared as numbers of any length. Where a number begins with a date
 * and a time, what follows their 14 digits is a fraction of the second:
 * 2019-02-26-002946-0000 is before 20190227170003, which has fewer digits.
 * Repeatable ones come after all numbers, in order of their names.
 */
export const compareIds = (left: string, right: string): number => {
  const [repeats, other] = [isRepeatable(left), isRepeatable(right)]
  if (repeats || other) return repeats && other ? compare(left, right) : repeats ? 1 : -1
  const [a, b] = [numberOf(idKey(left)), numberOf(idKey(right))]
  return a.whole.length - b.whole.length || compare(a.whole, b.whole) || compare(a.fraction, b.fraction)
}

const time = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d/u

const numberOf = (digits: string) =>
  time.test(digits) ? { whole: digits.slice(0, 14), fraction: digits.slice(14) } : { whole: digits, fraction: "" }

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)
