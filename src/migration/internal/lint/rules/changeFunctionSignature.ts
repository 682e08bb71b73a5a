import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { spell } from "../names.ts"
import { argumentsOf, droppedBy, isMadeBefore, madeBy, type ObjectName, typeText } from "../objects.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const changeFunctionSignature: Rule = {
  name: "change-function-signature",
  reason:
    "What runs at the moment calls the function with the arguments, and expects the result, that it had; its privileges and what depends on it go with it.",
  check: (statement, context) =>
    droppedBy(statement.node).flatMap((dropped) => {
      const next = functions.has(dropped.kind) ? madeAgain(statement, context, dropped) : undefined
      if (next === undefined || isMadeBefore(statement, context, dropped)) return []
      const [before, after] = [`${spell(...dropped.parts)}${argumentList(dropped.node)}`, spell(...dropped.parts)]
      const taken = `(${next.join(", ")})`
      return [
        {
          message: `${before} is ${after}${taken} from here on`,
          fix:
            before === `${after}${taken}`
              ? advice(
                  `CREATE OR REPLACE FUNCTION ${after}${taken} ...;`,
                  "or, if the result is of another type, a function of another name beside it"
                )
              : advice(
                  `make ${after}${taken} beside ${before}, without defaults that would make calls ambiguous,`,
                  `and drop ${before} when nothing calls it any more`
                )
        }
      ]
    })
}

const functions = new Set(["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"])

const madeAgain = (
  { index }: LintStatement,
  { statements }: LintContext,
  { parts }: ObjectName
): ReadonlyArray<string> | undefined => {
  for (const { node } of statements.slice(index + 1)) {
    if ("CreateFunctionStmt" in node && spell(...(madeBy(node)?.parts ?? [])) === spell(...parts))
      return argumentsOf(node.CreateFunctionStmt.parameters)
  }
  return undefined
}

const argumentList = (node: Node): string => {
  if (!("ObjectWithArgs" in node) || node.ObjectWithArgs.args_unspecified === true) return ""
  const types = node.ObjectWithArgs.objargs ?? []
  return `(${types.flatMap((type) => ("TypeName" in type ? [typeText(type.TypeName)] : [])).join(", ")})`
}
