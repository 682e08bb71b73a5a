import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import type { Node } from "libpg-query"
import { objectName, partsOf, spell } from "../names.ts"
import { optionsOf } from "../../statementOptions.ts"
import { argumentsOf } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const definerSearchPath: Rule = {
  name: "definer-search-path",
  reason:
    "A SECURITY DEFINER function without a search_path of its own looks names up in its caller's: whoever may make a table or a function of such a name has code run with its owner's rights.",
  check: ({ node }) => {
    const definer = definerIn(node)
    return definer === undefined
      ? []
      : [
          {
            message: `${definer} runs with its owner's rights and its caller's search_path`,
            fix: steps(
              advice(
                "every name in its body qualified, such as public.orders; and in its definition SET search_path = '', or here:"
              ),
              `ALTER FUNCTION ${definer} SET search_path = '';`
            )
          }
        ]
  }
}

const definerIn = (node: Node): string | undefined => {
  if ("CreateFunctionStmt" in node) {
    const { funcname, options, parameters } = node.CreateFunctionStmt
    return isOpen(options) ? `${spell(...partsOf(funcname))}(${argumentsOf(parameters).join(", ")})` : undefined
  }
  if (!("AlterFunctionStmt" in node) || node.AlterFunctionStmt.func === undefined) return undefined
  const { actions, func } = node.AlterFunctionStmt
  return isOpen(actions)
    ? `${spell(...objectName({ ObjectWithArgs: func }))}(${argumentsOf(func.objfuncargs).join(", ")})`
    : undefined
}

const isOpen = (options: ReadonlyArray<Node> = []): boolean =>
  optionsOf(options).get("security") === "true" && !options.some(setsSearchPath)

const setsSearchPath = (option: Node): boolean => {
  const setting = "DefElem" in option && option.DefElem.defname === "set" ? option.DefElem.arg : undefined
  return setting !== undefined && "VariableSetStmt" in setting && setting.VariableSetStmt.name === "search_path"
}
