/**
 * What is written in the place of a statement that takes something away: it is
 * run when no application needs that any more, or something stands in for it.
 */
import { advice } from "./fixes.ts"
import type { LintContext } from "./rule.ts"

export const steps = (...parts: ReadonlyArray<string>): string => parts.join("\n")

/** The last step of a change, when no running application needs what it takes away. */
export const afterwards = (rule: string, ready: string, text: string): string =>
  steps(advice(`when ${ready}, in a migration of its own:`, `pgkeel:allow ${rule}: <since when>`), `${text};`)

/** A view that answers by the name that a relation had. */
export const standIn = (before: string, after: string, { facts }: LintContext): string => {
  // Before PostgreSQL 15 a view reads with the rights of its owner, and knows no other way.
  const asCaller = (facts?.serverVersion ?? Infinity) >= 150_000 ? " WITH (security_invoker = true)" : ""
  return `CREATE VIEW ${before}${asCaller} AS SELECT * FROM ${after};`
}
