/**
 * Which statements PostgreSQL runs only outside a transaction, told from their
 * parse tree, and how to go on with a statement that has no transaction after
 * its runner was lost: such a statement and the note that it has finished
 * cannot be written together, so the database has to be asked.
 */
import type { Node } from "libpg-query"
import { qualified } from "../../error/internal/quote.ts"
import { isOn, optionsOf } from "./statementOptions.ts"

/** What tells whether a statement without a transaction has happened. Names are quoted, and qualified where the file does. */
export type Recovery =
  /** A new index of the table: valid, it has happened; INVALID, it has to go first. Unnamed, it is any new one. */
  | {
      readonly _tag: "Index"
      readonly table: string
      readonly index: string | undefined
      /** IF NOT EXISTS takes an INVALID one for the index, so it has to go before. */
      readonly unlessThere: boolean
    }
  /** It has happened once the index is gone. */
  | { readonly _tag: "IndexGone"; readonly index: string }
  /** May be repeated, once what a broken one left is gone. `within` a table or index, a schema, or all. */
  | { readonly _tag: "Reindex"; readonly table: string | undefined; readonly schema: string | undefined }
  /** It has happened once the partition is no longer one; one that is half detached is finished by `finish`. */
  | { readonly _tag: "Detach"; readonly table: string; readonly partition: string; readonly finish: string }
  /** A database or tablespace. It has happened once it is there, or gone. */
  | {
      readonly _tag: "Shared"
      readonly kind: "database" | "tablespace"
      readonly name: string
      readonly wanted: boolean
    }
  /** Doing it twice is doing it once. */
  | { readonly _tag: "Again" }
  /** It may commit by itself (CALL, DO): nothing tells. */
  | { readonly _tag: "Unknown" }
  /** Changes the session's settings, not the database: it is repeated for the statements behind it. */
  | { readonly _tag: "Setting" }

export interface Alone {
  /** Such as `CREATE INDEX CONCURRENTLY`. `undefined` if the statement may well run in a transaction. */
  readonly alone?: string
  readonly recovery?: Recovery
}

export const aloneOf = (node: Node): Alone => {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent === true ? createIndex(node.IndexStmt) : {}
  if ("DropStmt" in node) return node.DropStmt.concurrent === true ? dropIndex(node.DropStmt) : {}
  if ("ReindexStmt" in node) return reindex(node.ReindexStmt)
  if ("AlterTableStmt" in node) return detach(node.AlterTableStmt)
  if ("VacuumStmt" in node) return node.VacuumStmt.is_vacuumcmd === true ? again("VACUUM") : {}
  if ("ClusterStmt" in node) {
    return node.ClusterStmt.relation === undefined ? again("CLUSTER of all tables") : { recovery: { _tag: "Again" } }
  }
  if ("AlterSystemStmt" in node) return again("ALTER SYSTEM")
  if ("AlterDatabaseStmt" in node) {
    const moves = (node.AlterDatabaseStmt.options ?? []).some((option) => nameOf(option) === "tablespace")
    return moves ? again("ALTER DATABASE ... SET TABLESPACE") : {}
  }
  if ("CallStmt" in node || ("DoStmt" in node && mayCommit(node.DoStmt))) return { recovery: { _tag: "Unknown" } }
  if ("VariableSetStmt" in node) return node.VariableSetStmt.is_local === true ? {} : { recovery: { _tag: "Setting" } }
  if ("SelectStmt" in node && onlySetsConfig(node.SelectStmt)) return { recovery: { _tag: "Setting" } }
  return shared(node)
}

/** As `pg_dump` empties the search path. */
const onlySetsConfig = ({ fromClause, targetList = [] }: Of<"SelectStmt">): boolean =>
  fromClause === undefined && targetList.length > 0 && targetList.every(setsConfig)

const setsConfig = (target: Node): boolean => {
  const value = "ResTarget" in target ? target.ResTarget.val : undefined
  const name = value !== undefined && "FuncCall" in value ? value.FuncCall.funcname?.at(-1) : undefined
  return name !== undefined && "String" in name && name.String.sval === "set_config"
}

const again = (alone: string): Alone => ({ alone, recovery: { _tag: "Again" } })

const shared = (node: Node): Alone => {
  const of = (alone: string, kind: "database" | "tablespace", name: string | undefined, wanted: boolean): Alone => ({
    alone,
    recovery: { _tag: "Shared", kind, name: name ?? "", wanted }
  })
  if ("CreatedbStmt" in node) return of("CREATE DATABASE", "database", node.CreatedbStmt.dbname, true)
  if ("DropdbStmt" in node) return of("DROP DATABASE", "database", node.DropdbStmt.dbname, false)
  if ("CreateTableSpaceStmt" in node) {
    return of("CREATE TABLESPACE", "tablespace", node.CreateTableSpaceStmt.tablespacename, true)
  }
  if ("DropTableSpaceStmt" in node) {
    return of("DROP TABLESPACE", "tablespace", node.DropTableSpaceStmt.tablespacename, false)
  }
  return {}
}

/** A word in a comment or a string counts too: then it is only announced before it runs. */
const mayCommit = ({ args = [] }: Of<"DoStmt">): boolean =>
  args.some((arg) => {
    const body = "DefElem" in arg ? arg.DefElem.arg : undefined
    return (
      body !== undefined && "String" in body && /\b(?:commit|rollback|call|execute)\b/iu.test(body.String.sval ?? "")
    )
  })

type Of<Tag extends string> = Node extends infer N ? (N extends Record<Tag, infer Body> ? Body : never) : never

const createIndex = ({ idxname, if_not_exists = false, relation }: Of<"IndexStmt">): Alone => ({
  alone: "CREATE INDEX CONCURRENTLY",
  recovery: { _tag: "Index", table: relationName(relation), index: idxname, unlessThere: if_not_exists }
})

const dropIndex = ({ objects = [] }: Of<"DropStmt">): Alone => {
  const [list] = objects
  const parts = list !== undefined && "List" in list ? (list.List.items ?? []) : []
  const names = parts.flatMap((part) => ("String" in part ? [part.String.sval ?? ""] : []))
  return { alone: "DROP INDEX CONCURRENTLY", recovery: { _tag: "IndexGone", index: qualified(...names) } }
}

const reindex = ({ kind, name, params = [], relation }: Of<"ReindexStmt">): Alone => {
  const concurrently = isOn(optionsOf(params).get("concurrently"))
  const what = { REINDEX_OBJECT_SCHEMA: "SCHEMA", REINDEX_OBJECT_DATABASE: "DATABASE", REINDEX_OBJECT_SYSTEM: "SYSTEM" }
  const many = kind !== undefined && kind in what ? what[kind as keyof typeof what] : undefined
  // Of a partitioned table or index, which its text does not tell, it has no transaction either.
  if (!concurrently) return many === undefined ? { recovery: { _tag: "Again" } } : again(`REINDEX ${many}`)
  const recovery: Recovery = {
    _tag: "Reindex",
    table: relation === undefined ? undefined : relationName(relation),
    schema: many === "SCHEMA" ? name : undefined
  }
  return { alone: many === undefined ? "REINDEX CONCURRENTLY" : `REINDEX ${many}`, recovery }
}

const detach = ({ cmds = [], relation }: Of<"AlterTableStmt">): Alone => {
  for (const command of cmds) {
    const definition = "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined
    if (definition === undefined || !("PartitionCmd" in definition)) continue
    const { concurrent, name } = definition.PartitionCmd
    if (concurrent !== true) continue
    const [table, partition] = [relationName(relation), relationName(name)]
    const finish = `ALTER TABLE ${table} DETACH PARTITION ${partition} FINALIZE`
    const recovery: Recovery = { _tag: "Detach", table, partition, finish }
    return { alone: "ALTER TABLE ... DETACH PARTITION CONCURRENTLY", recovery }
  }
  return {}
}

const relationName = (relation: Of<"IndexStmt">["relation"]): string => {
  const { relname = "", schemaname } = relation ?? {}
  return schemaname === undefined ? qualified(relname) : qualified(schemaname, relname)
}

const nameOf = (node: Node): string | undefined => ("DefElem" in node ? node.DefElem.defname : undefined)
