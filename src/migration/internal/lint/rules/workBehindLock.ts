import type { Node, RangeVar } from "libpg-query"
import { dataLocks, isQuery } from "../dataLocks.ts"
import { advice } from "../fixes.ts"
import { blocked, isAtLeast } from "../lockModes.ts"
import { locksOf } from "../locks.ts"
import { nameOf } from "../names.ts"
import { commandsOf, nodesIn } from "../nodes.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const workBehindLock: Rule = {
  name: "work-behind-lock",
  reason: "A lock is held until the transaction ends: whatever takes long behind it makes everybody wait for as long.",
  check: (statement, context) => {
    const lock = [...context.held.values()].find(({ mode }) => isAtLeast(mode, "SHARE"))
    const work = lock && longWork(statement, context)
    if (lock === undefined || work === undefined) return []
    return [
      {
        message: `${work} while ${blocked(lock.mode)} of ${lock.relation} are blocked`,
        fix: advice(
          `put it into a migration of its own, before or after the one that changes ${lock.relation},`,
          "or begin this one with pgkeel:no-transaction, so that each statement frees its locks"
        )
      }
    ]
  }
}

const longWork = (statement: LintStatement, context: LintContext): string | undefined => {
  const { node } = statement
  if ("DoStmt" in node || "CallStmt" in node) return `${"DoStmt" in node ? "DO" : "CALL"} does what is not seen here`
  const changed = changes(node).find((relation) => !context.isNew(relation))
  if (changed !== undefined) return `it changes rows of ${nameOf(changed)}`
  const read = reads(node).find((relation) => !context.isNew(relation))
  if (read !== undefined) return `it reads ${nameOf(read)}`
  // The rule about validation has its own words for it.
  if (commandsOf(statement).some(({ body }) => body.subtype === "AT_ValidateConstraint")) return undefined
  const long = locksOf(statement, context).find(({ rewrites, scans }) => rewrites || scans)
  return (
    long && `it ${long.rewrites ? "writes all of" : "reads all of"} ${long.relation}${long.rewrites ? " anew" : ""}`
  )
}

/** Those of rows that are there. */
const written = ["UpdateStmt", "DeleteStmt", "MergeStmt"] as const

const changes = (node: Node): ReadonlyArray<RangeVar> =>
  isQuery(node) ? written.flatMap((tag) => nodesIn(node, tag).flatMap(({ relation }) => relation ?? [])) : []

/** A view's query is not run when it is made. */
const reads = (node: Node): ReadonlyArray<RangeVar> => {
  if (!queries.some((tag) => tag in node)) return []
  const read = dataLocks(node).filter(({ mode }) => mode === "ACCESS SHARE" || mode === "ROW SHARE")
  return read.flatMap(({ relation }) => (relation === undefined || isServers(relation) ? [] : [relation]))
}

const queries = ["SelectStmt", "InsertStmt", "CreateTableAsStmt", "CopyStmt"]

const isServers = ({ schemaname }: RangeVar): boolean =>
  schemaname === "pg_catalog" || schemaname === "information_schema"
