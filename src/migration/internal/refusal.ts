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
  const alone = outsideTransaction(node)
  return alone === undefined ? undefined : { statement: alone, problem: noTransaction }
}

const ownTransaction = "each migration runs in a transaction of its own; remove it"
const noTransaction =
  "PostgreSQL runs it only outside a transaction, and this version runs each migration in one; " +
  "use the form that may run inside one, or run it by hand"

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

const outsideTransaction = (node: Node): string | undefined => {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent === true ? "CREATE INDEX CONCURRENTLY" : undefined
  if ("DropStmt" in node) return node.DropStmt.concurrent === true ? "DROP INDEX CONCURRENTLY" : undefined
  if ("ReindexStmt" in node) return reindex(node.ReindexStmt)
  if ("AlterTableStmt" in node) return detach(node.AlterTableStmt.cmds ?? [])
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd === true ? "VACUUM" : undefined
  if ("ClusterStmt" in node) return node.ClusterStmt.relation === undefined ? "CLUSTER of all tables" : undefined
  if ("AlterDatabaseStmt" in node) {
    const moves = (node.AlterDatabaseStmt.options ?? []).some((option) => nameOf(option) === "tablespace")
    return moves ? "ALTER DATABASE ... SET TABLESPACE" : undefined
  }
  return always.find(([type]) => type in node)?.[1]
}

const always = [
  ["CreatedbStmt", "CREATE DATABASE"],
  ["DropdbStmt", "DROP DATABASE"],
  ["CreateTableSpaceStmt", "CREATE TABLESPACE"],
  ["DropTableSpaceStmt", "DROP TABLESPACE"],
  ["AlterSystemStmt", "ALTER SYSTEM"]
] as const

type Reindex = Extract<Node, { ReindexStmt: unknown }>["ReindexStmt"]

const reindex = ({ kind, params = [] }: Reindex): string | undefined => {
  if (kind === "REINDEX_OBJECT_SCHEMA") return "REINDEX SCHEMA"
  if (kind === "REINDEX_OBJECT_DATABASE") return "REINDEX DATABASE"
  if (kind === "REINDEX_OBJECT_SYSTEM") return "REINDEX SYSTEM"
  return params.some((param) => nameOf(param) === "concurrently") ? "REINDEX CONCURRENTLY" : undefined
}

const detach = (commands: ReadonlyArray<Node>): string | undefined =>
  commands.some((command) => {
    const definition = "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined
    return definition !== undefined && "PartitionCmd" in definition && definition.PartitionCmd.concurrent === true
  })
    ? "ALTER TABLE ... DETACH PARTITION CONCURRENTLY"
    : undefined

const nameOf = (node: Node): string | undefined => ("DefElem" in node ? node.DefElem.defname : undefined)
