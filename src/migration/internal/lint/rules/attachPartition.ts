import type { Node, PartitionBoundSpec, RangeVar } from "libpg-query"
import { quoteLiteral } from "../../../../error/internal/quote.ts"
import { advice, apart } from "../fixes.ts"
import { derived, nameOf, spell } from "../names.ts"
import { commandsOf, constantOf, nodesIn, partitionOf } from "../nodes.ts"
import { isReady } from "../proofs.ts"
import type { Rule } from "../rule.ts"

export const attachPartition: Rule = {
  name: "attach-partition",
  reason:
    "ATTACH PARTITION reads the whole partition under an ACCESS EXCLUSIVE lock on it, unless a validated CHECK says already that its rows fit and it has all indexes of the table.",
  check: (statement, context) =>
    commandsOf(statement).flatMap(({ at, body, relation }) => {
      const { bound, name } = partitionOf(body) ?? {}
      if (body.subtype !== "AT_AttachPartition" || context.isNew(name) || isReady(context, relation, name, bound))
        return []
      const message = `ATTACH PARTITION reads all of ${nameOf(name)} while nobody else can`
      return [{ at, message, fix: fixFor(relation, name, bound) }]
    })
}

const fixFor = (
  relation: RangeVar | undefined,
  name: RangeVar | undefined,
  bound: PartitionBoundSpec | undefined
): string => {
  const check = spell(derived(name?.relname ?? "", "bounds"))
  const condition = conditionOf(relation, bound)
  if (condition === undefined) {
    return advice(
      `give ${nameOf(name)} a CHECK of what the others' bounds leave, NOT VALID, VALIDATE it, and attach it then`
    )
  }
  return apart(
    "-- <key> is the partition key:",
    `-- ALTER TABLE ${nameOf(name)} ADD CONSTRAINT ${check} CHECK (${condition}) NOT VALID;`,
    `-- ALTER TABLE ${nameOf(name)} VALIDATE CONSTRAINT ${check};`,
    `-- then give it the indexes of ${nameOf(relation)} that it lacks (CONCURRENTLY), attach it, and drop ${check}`
  )
}

const conditionOf = (table: RangeVar | undefined, bound: PartitionBoundSpec | undefined): string | undefined => {
  const { listdatums = [], lowerdatums = [], modulus, remainder = 0, strategy, upperdatums = [] } = bound ?? {}
  if (modulus !== undefined) {
    return `satisfies_hash_partition(${quoteLiteral(nameOf(table))}::regclass, ${modulus}, ${remainder}, <key>)`
  }
  if (strategy === "l") return `<key> IS NOT NULL AND <key> IN (${listdatums.map(literal).join(", ")})`
  if (strategy !== "r" || lowerdatums.length !== 1) return undefined
  return `<key> IS NOT NULL AND <key> >= ${literal(lowerdatums[0])} AND <key> < ${literal(upperdatums[0])}`
}

const literal = (node: Node | undefined): string => {
  const [constant] = nodesIn(node, "A_Const")
  const value = constant && constantOf(constant)
  if (value === undefined) return "<bound>"
  return constant?.sval === undefined ? value : quoteLiteral(value)
}
