import { steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import { type Command, commandsOf } from "../nodes.ts"
import type { LintContext, LintStatement, Problem, Rule } from "../rule.ts"

export const disableTrigger: Rule = {
  name: "disable-trigger",
  reason:
    "Foreign keys are triggers too: rows that nothing has checked get in, and nothing looks at them when the trigger is on again.",
  check: (statement, context) => [...ofTable(statement, context), ...ofSession(statement)]
}

const ofTable = (statement: LintStatement, context: LintContext): ReadonlyArray<Problem> =>
  commandsOf(statement).flatMap((command) => {
    const { at, body, relation } = command
    const { name, subtype = "" } = body
    if (!disabling.test(subtype) || context.isNew(relation) || isEnabledAfter(statement, context, command)) return []
    const [table, which] = [nameOf(relation), name === undefined ? triggersOf(subtype) : spell(name)]
    const kind = isRule(subtype) ? "RULE" : "TRIGGER"
    return [
      {
        at,
        message: `${which} of ${table} does not fire any more, for anybody`,
        fix: steps(
          `ALTER TABLE ${table} DISABLE ${kind} ${which};`,
          advice("what must not fire it, in the same transaction, or better nothing"),
          `ALTER TABLE ${table} ENABLE ${kind} ${which};`
        )
      }
    ]
  })

const disabling = /^AT_(?:Disable(?:Trig|TrigAll|TrigUser|Rule)|EnableReplica(?:Trig|Rule))$/u

const triggersOf = (subtype: string): string => (subtype === "AT_DisableTrigUser" ? "USER" : "ALL")

/** Its lock keeps others from writing until the commit, so that nobody has seen it off. */
const isEnabledAfter = ({ index }: LintStatement, context: LintContext, off: Command): boolean =>
  context.transaction &&
  context.statements
    .slice(index + 1)
    .some((later) => commandsOf(later).some((command) => enables(command, off, context)))

const enables = (
  { body, relation }: Command,
  { body: off, relation: table }: Command,
  { keyOf }: LintContext
): boolean => {
  const [on, before] = [body.subtype ?? "", off.subtype ?? ""]
  if (!enabling.test(on) || keyOf(relation) !== keyOf(table) || isRule(on) !== isRule(before)) return false
  return reachOf(on) > reachOf(before) || (reachOf(on) === reachOf(before) && body.name === off.name)
}

const enabling = /^AT_Enable(?:Always)?(?:Trig|TrigAll|TrigUser|Rule)$/u

const isRule = (subtype: string): boolean => subtype.endsWith("Rule")

/** ALL is more than USER, and USER more than one by its name. */
const reachOf = (subtype: string): number => ["User", "All"].findIndex((end) => subtype.endsWith(end))

const ofSession = ({ node, text }: LintStatement): ReadonlyArray<Problem> => {
  if (!("VariableSetStmt" in node) || node.VariableSetStmt.name !== "session_replication_role") return []
  const [value] = node.VariableSetStmt.args ?? []
  const isOff = value !== undefined && "A_Const" in value && value.A_Const.sval?.sval !== "origin"
  return isOff
    ? [
        {
          message: "no trigger and no foreign key looks at what this migration writes",
          fix: advice(
            `without ${text}: write the rows in an order that the foreign keys take, or make those DEFERRABLE`
          )
        }
      ]
    : []
}
