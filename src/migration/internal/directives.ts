/** What a file of SQL says about how it wants to be run, in comments of its own such as `-- pgkeel:no-transaction`. */
import type * as Duration from "effect/Duration"

export interface Directives {
  /** Whether all statements share one transaction with the row of the history. */
  readonly transaction: boolean
  /** In place of the migrator's own. */
  readonly lockTimeout?: Duration.Duration
  readonly statementTimeout?: Duration.Duration
}

export const directivesOf = (text: string): Directives => ({
  transaction: !/^[ \t]*--[ \t]*pgkeel:no-transaction\b/mu.test(text)
})
