/** What spares a statement its scan: a CHECK that was validated before, by the database or by this migration. */
import type { Node, PartitionBoundSpec, RangeVar } from "libpg-query"
import { spell } from "./names.ts"
import { type Command, commandsOf, constantOf, constraintOf, nodesIn } from "./nodes.ts"
import type { LintContext, LintStatement } from "./rule.ts"

/** Whether it is known that the column has no NULL. */
export const isProved = (
  context: LintContext,
  statement: LintStatement,
  relation: RangeVar | undefined,
  column: string
): boolean => isKnown(context, relation, column) || isProvedHere(context, statement, relation, column)

const isKnown = ({ table }: LintContext, relation: RangeVar | undefined, column: string): boolean => {
  const known = table(relation)
  if (known === undefined) return false
  if (known.columns.some(({ name, nullable }) => name === column && !nullable)) return true
  return known.constraints.some(
    ({ definition, validated }) => validated && definition.startsWith(`CHECK ((${spell(column)} IS NOT NULL))`)
  )
}

const isProvedHere = (
  { keyOf, statements }: LintContext,
  { index }: LintStatement,
  relation: RangeVar | undefined,
  column: string
): boolean => {
  const valid = new Map<string, boolean>()
  for (const before of statements.slice(0, index)) {
    for (const { body, relation: other } of commandsOf(before)) {
      if (keyOf(other) !== keyOf(relation)) continue
      const constraint = constraintOf(body)
      if (constraint?.contype === "CONSTR_CHECK" && saysNotNull(constraint.raw_expr, column)) {
        valid.set(constraint.conname ?? "", constraint.skip_validation !== true)
      }
      if (body.subtype === "AT_ValidateConstraint" && valid.has(body.name ?? "")) valid.set(body.name ?? "", true)
      if (body.subtype === "AT_DropConstraint") valid.delete(body.name ?? "")
    }
  }
  return [...valid.values()].includes(true)
}

const saysNotNull = (expression: Node | undefined, column: string): boolean => {
  const test = expression !== undefined && "NullTest" in expression ? expression.NullTest : undefined
  const [reference] = nodesIn(test?.arg, "ColumnRef")
  const last = reference?.fields?.at(-1)
  return test?.nulltesttype === "IS_NOT_NULL" && last !== undefined && "String" in last && last.String.sval === column
}

/** The columns of the index of a PRIMARY KEY USING INDEX that may have NULL, as far as the database knows the index. */
export const unprovedKey = (
  context: LintContext,
  statement: LintStatement,
  { body, relation }: Command
): ReadonlyArray<string> => {
  const { contype, indexname } = constraintOf(body) ?? {}
  if (contype !== "CONSTR_PRIMARY" || indexname === undefined) return []
  const columns = context.table(relation)?.indexes.find(({ name }) => name === indexname)?.columns ?? []
  return columns.filter((column) => !isProved(context, statement, relation, column))
}

/** Whether the rows of a partition are known to be within its bounds: a validated CHECK has all values of them. */
const fitsBounds = (
  { table }: LintContext,
  partition: RangeVar | undefined,
  bound: PartitionBoundSpec | undefined
): boolean => {
  const values = nodesIn([bound?.lowerdatums, bound?.upperdatums, bound?.listdatums], "A_Const").map(constantOf)
  const checks = (table(partition)?.constraints ?? []).filter(
    ({ definition, validated }) => validated && definition.startsWith("CHECK")
  )
  return (
    values.length > 0 &&
    checks.some(({ definition }) => values.every((value) => value !== undefined && mentions(definition, value)))
  )
}

/** Whether a partition can be attached without reading it: its rows fit, and it has the indexes that its table wants. */
export const isReady = (
  context: LintContext,
  parent: RangeVar | undefined,
  partition: RangeVar | undefined,
  bound: PartitionBoundSpec | undefined
): boolean => {
  const own = context.table(partition)?.indexes ?? []
  const wanted = context.table(parent)?.indexes ?? []
  return (
    fitsBounds(context, partition, bound) &&
    wanted.every(({ columns, unique }) =>
      own.some((index) => index.columns.join() === columns.join() && (index.unique || !unique))
    )
  )
}

/** Whether a definition has the name, or the value, as a word of its own; the server writes days as their midnight. */
export const mentions = (definition: string, value: string): boolean =>
  (definition.match(/"(?:[^"]|"")*"|'(?:[^']|'')*'|[\w.]+/gu) ?? []).some(
    (word) => word === value || word === `'${value}'` || word.startsWith(`'${value} 00:00:00`)
  )
