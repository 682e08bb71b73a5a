/** Which statements a migration must not have, told from their parse tree. */
import type { Node } from "libpg-query"

export interface Refusal {
  readonly statement: string
  /** Why not, and what to do instead. */
  readonly problem: string
}

export const refusal = (node: Node): Refusal | undefined => {
  const control = transactionControl(node)
  if (control !== undefined) return { statement: control, problem: ownTransaction }
  if ("CopyStmt" in node && node.CopyStmt.filename === undefined) {
    const [direction, end] = node.CopyStmt.is_from === true ? ["FROM", "stdin"] : ["TO", "stdout"]
    return { statement: `COPY ... ${direction} ${end}`, problem: "a migration has no input or output; use INSERT" }
  }
  return undefined
}

const ownTransaction = "each migration runs in a transaction of its own; remove it"

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
