import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { nameOf, spell } from "../names.ts"
import { commandsOf, optionsOf } from "../nodes.ts"
import type { LintContext, LintStatement, Problem, Rule } from "../rule.ts"

export const restartSequence: Rule = {
  name: "restart-sequence",
  reason: "A sequence that begins again gives numbers that rows already have: INSERTs fail until it is past them.",
  check: (statement, context) => [...ofSequence(statement, context), ...ofColumns(statement, context)]
}

const ofSequence = ({ node }: LintStatement, { isNew }: LintContext): ReadonlyArray<Problem> => {
  if (!("AlterSeqStmt" in node) || isNew(node.AlterSeqStmt.sequence) || !restarts(node.AlterSeqStmt.options)) return []
  const sequence = nameOf(node.AlterSeqStmt.sequence)
  return [
    {
      message: `${sequence} begins again`,
      fix: advice(
        "leave it where it is; or, behind what is there already:",
        `SELECT setval('${sequence}', (SELECT max(<column>) FROM <table>));`
      )
    }
  ]
}

const ofColumns = (statement: LintStatement, { isNew }: LintContext): ReadonlyArray<Problem> =>
  commandsOf(statement).flatMap(({ at, body, relation }) => {
    const options = body.def !== undefined && "List" in body.def ? body.def.List.items : undefined
    if (body.subtype !== "AT_SetIdentity" || isNew(relation) || !restarts(options)) return []
    const [table, column] = [nameOf(relation), spell(body.name)]
    return [
      {
        at,
        message: `the numbering of ${table}.${column} begins again`,
        fix: steps(
          advice("leave it where it is; or, behind what is there already:"),
          `SELECT setval(pg_get_serial_sequence(${quoteLiteral(table)}, ${quoteLiteral(body.name ?? "")}), (SELECT max(${column}) FROM ${table}));`
        )
      }
    ]
  })

const restarts = (options: ReadonlyArray<Node> | undefined): boolean => optionsOf(options).has("restart")
