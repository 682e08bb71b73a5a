/** Domains that have constraints, to which PostgreSQL holds each row of a new column, by writing it anew. */
import type { Node, TypeName } from "libpg-query"
import type { RelationFacts } from "../../../catalog/RelationFacts.ts"
import { partsOf } from "./names.ts"

export interface Domains {
  readonly isConstrained: (type: TypeName | undefined) => boolean
  /** After the statement has run. */
  readonly note: (node: Node) => void
}

/** By the last part of their names, as functions are. Without a database only those of the migration are known. */
export const domainsIn = (facts: RelationFacts | undefined): Domains => {
  const constrained = new Set(facts?.constrainedDomains)
  const isConstrained: Domains["isConstrained"] = ({ arrayBounds, names } = {}) =>
    arrayBounds === undefined && constrained.has(partsOf(names).at(-1) ?? "")
  const note: Domains["note"] = (node) => {
    const name = constrainedBy(node)
    if (name !== undefined) constrained.add(name)
  }
  return { isConstrained, note }
}

const constrainedBy = (node: Node): string | undefined => {
  if ("CreateDomainStmt" in node) {
    const { constraints = [], domainname } = node.CreateDomainStmt
    const isHeld = constraints.some((one) => "Constraint" in one && holding.has(one.Constraint.contype ?? ""))
    return isHeld ? partsOf(domainname).at(-1) : undefined
  }
  if (!("AlterDomainStmt" in node)) return undefined
  const { subtype, typeName } = node.AlterDomainStmt
  return subtype === "C" || subtype === "O" ? partsOf(typeName).at(-1) : undefined
}

const holding = new Set(["CONSTR_CHECK", "CONSTR_NOTNULL"])
