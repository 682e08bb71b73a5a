import { aloneOf } from "../../alone.ts"
import type { Rule } from "../rule.ts"

export const implicitNoTransaction: Rule = {
  name: "implicit-no-transaction",
  reason:
    "A statement that PostgreSQL runs only outside a transaction takes it from all others of its file: when one of them fails, those before it stay done.",
  check: ({ index, node }, { directives, statements }) => {
    const { alone } = aloneOf(node)
    if (alone === undefined || !directives.transaction) return []
    const firstOne = statements.findIndex((statement) => aloneOf(statement.node).alone !== undefined)
    const beside = statements.some(({ node: other }) => {
      const { alone: itself, recovery } = aloneOf(other)
      return itself === undefined && recovery?._tag !== "Setting"
    })
    if (index !== firstOne || !beside) return []
    return [
      {
        message: `${alone} takes the transaction from the other statements of this file`,
        fix: "-- put it into a migration of its own, or say that it is meant, by a first line:\n-- pgkeel:no-transaction"
      }
    ]
  }
}
