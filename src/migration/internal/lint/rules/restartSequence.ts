import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { nameOf, spell } from "../names.ts"
import { optionsOf } from "../../statementOptions.ts"
import { commandsOf, optionsIn } from "../nodes.ts"
import type { LintContext, LintStatement, Problem, Rule } from "../rule.ts"

export const restartSequence: Rule = {
  name: "restart-sequence",
  reason: "A sequence that begins again gives numbers that rows already have: INSERTs fail until it is past them.",
  check: (statement, context) => [...ofSequence(statement, context), ...ofColumns(statement, context)]
}

const ofSequence = ({ node }: LintStatement, { isNew }: LintContext): ReadonlyArray<Problem> => {
  if (!("AlterSeqStmt" in node)) return []
  const { options, sequence: relation } = node.AlterSeqStmt
  if (isNew(relation) || !optionsOf(options).has("restart")) return []
  const sequence = nameOf(relation)
  return [
    {
      message: `${sequence} begins again`,
      fix: advice(
        "leave it where it is; or, behind what is there already:",
        `SELECT setval(${quoteLiteral(sequence)}, (SELECT max(<column>) FROM <table>));`
      )
    }
  ]
}

const ofColumns = (statement: LintStatement, { isNew }: LintContext): ReadonlyArray<Problem> =>
  commandsOf(statement).flatMap(({ at, body, relation }) => {
    if (body.subtype !== "AT_SetIdentity" || isNew(relation) || !optionsIn(body).has("restart")) return []
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
