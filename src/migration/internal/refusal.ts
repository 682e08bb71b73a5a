/** Which statements a migration must not have, told from their parse tree. */
import type { Node } from "libpg-query"

export interface Refusal {
  readonly statement: string
  /** Why not, and what to do instead. */
  readonly problem: string
}

/** `hasRows`: rows for it follow in the file. `alone`: what it is, if it cannot run in the transaction that the file opens. */
export const refusal = (node: Node, hasRows: boolean, alone: string | undefined): Refusal | undefined => {
  const control = transactionControl(node)
  if (control !== undefined) return { statement: control, problem: ownTransaction }
  if (alone !== undefined)
    return { statement: alone, problem: "PostgreSQL runs it only outside a transaction; remove BEGIN and COMMIT" }
  if (!("CopyStmt" in node) || node.CopyStmt.filename !== undefined) return undefined
  if (node.CopyStmt.is_from !== true) {
    return { statement: "COPY ... TO stdout", problem: "a migration has no output; remove it" }
  }
  return hasRows ? undefined : copyWithoutRows
}

export const copyWithoutRows: Refusal = {
  statement: "COPY ... FROM stdin",
  problem:
    "a migration has no other input than the rows that follow the statement's line, up to a line `\\.`; put them there"
}

const ownTransaction =
  "each migration runs in a transaction of its own; remove it, or, where the file has several, make each of them a migration"

/**
 * Whether the whole file stands between BEGIN and COMMIT, as other tools want it.
 * That is how a migration runs anyway, so the two are left out.
 */
export const transactionAround = (nodes: ReadonlyArray<Node | undefined>, transaction: boolean): boolean => {
  const [first, last] = [nodes[0], nodes.at(-1)]
  return (
    transaction && isControl(first, ["TRANS_STMT_BEGIN", "TRANS_STMT_START"]) && isControl(last, ["TRANS_STMT_COMMIT"])
  )
}

/** One with options, such as an isolation level, is more than a migration does by itself. */
const isControl = (node: Node | undefined, kinds: ReadonlyArray<string>): boolean => {
  if (node === undefined || !("TransactionStmt" in node)) return false
  const { chain, kind = "", options = [] } = node.TransactionStmt
  return kinds.includes(kind) && options.length === 0 && chain !== true
}

/** Savepoints are left alone: they begin and end inside the migration. */
const transactionControl = (node: Node): string | undefined => {
  if (!("TransactionStmt" in node)) return undefined
  switch (node.TransactionStmt.kind) {
    case "TRANS_STMT_SAVEPOINT":
    case "TRANS_STMT_RELEASE":
    case "TRANS_STMT_ROLLBACK_TO":
      return undefined
    case "TRANS_STMT_START":
      return "START TRANSACTION"
    default:
      return (node.TransactionStmt.kind ?? "").replace("TRANS_STMT_", "").replaceAll("_", " ")
  }
}
