/**
 * The differences between two schemas, or between a database and what is expected
 * of it: what is there and not expected, what is missing, and what is otherwise,
 * one for each attribute of each object. There is none exactly where two snapshots
 * of servers of one major version are equal.
 *
 * Snapshots of different major versions are compared as far as PostgreSQL writes
 * the same schema alike. What it does not is left out: the
 * schema `public` across 15, definitions of views and rules across 16, the
 * privilege MAINTAIN across 17, NOT NULL as a constraint across 18 (the columns
 * have it), and the versions of extensions.
 */
import type { Snapshot } from "../catalog/Snapshot.ts"
import { compare } from "./internal/diff.ts"
import type { Difference } from "./internal/difference.ts"
import { comparable } from "./internal/versions.ts"

export { Difference } from "./internal/difference.ts"

/** What makes `actual` differ from `expected`. */
export const between = (expected: Snapshot, actual: Snapshot): ReadonlyArray<Difference> =>
  compare(
    comparable(expected.objects, expected.serverVersion, actual.serverVersion),
    comparable(actual.objects, actual.serverVersion, expected.serverVersion)
  )

const wordOf = { added: "is unexpected", removed: "is missing", changed: "differs" } as const

/** A difference from what is expected: `column public.users.email is missing (text)`. */
export const describe = ({ change, detail, kind, object }: Difference): string =>
  `${kind} ${object} ${wordOf[change]}${detail === "" ? "" : ` (${detail})`}`

const signOf = { added: "+", removed: "-", changed: "~" } as const

const line = ({ change, detail, kind, object }: Difference): string =>
  `${signOf[change]} ${kind} ${object}${detail === "" ? "" : `  ${detail}`}`

/**
 * Each on a line of its own, `+` what was added, `-` what is missing, `~` what is
 * otherwise: `~ column public.users.email  type: text -> integer`. Empty for none.
 */
export const render = (differences: ReadonlyArray<Difference>): string => differences.map(line).join("\n")
