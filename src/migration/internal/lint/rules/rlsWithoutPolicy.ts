import type { RangeVar } from "libpg-query"
import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { commandsOf } from "../nodes.ts"
import type { LintContext, Rule } from "../rule.ts"

export const rlsWithoutPolicy: Rule = {
  name: "rls-without-policy",
  reason:
    "Row-level security without a policy shows no row and takes none: what runs at the moment reads an empty table from the commit on.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      if (body.subtype !== "AT_EnableRowSecurity" || context.isNew(relation) || hasPolicy(context, relation)) return []
      const table = nameOf(relation)
      return [
        {
          at,
          message: `${table} shows no row to any but its owner`,
          fix: steps(
            advice("the condition says which rows each role sees"),
            `CREATE POLICY ${spell(`${relation?.relname ?? ""}_rows`)} ON ${table} USING (true);`,
            `${statement.text};`
          )
        }
      ]
    })
}

/** One that the database has, or that comes with this migration, before or behind the statement. */
const hasPolicy = ({ keyOf, statements, table }: LintContext, relation: RangeVar | undefined): boolean =>
  (table(relation)?.policies ?? []).length > 0 ||
  statements.some(({ node }) => "CreatePolicyStmt" in node && keyOf(node.CreatePolicyStmt.table) === keyOf(relation))
