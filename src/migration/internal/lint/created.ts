/**
 * Which relation a statement means, whichever way it names it, and which ones a
 * migration has made by itself, up to a statement of it.
 */
import type { ColumnDef, Node, RangeVar } from "libpg-query"
import type { RelationFacts, TableFacts } from "../../../catalog/RelationFacts.ts"
import { addedColumn, commandsIn, constraintsOf } from "./nodes.ts"
import { derived, objectName, relationOf } from "./names.ts"
import { keyFor, knowing, schemaOf } from "./known.ts"
import { isSerial } from "./rewrites.ts"
import { type SearchPath, searchPathOf } from "./searchPath.ts"

export interface Created {
  readonly has: (relation: RangeVar | undefined) => boolean
  /** One for a relation, with its schema or without. */
  readonly keyOf: (relation: RangeVar | undefined) => string
  readonly table: (relation: RangeVar | undefined) => TableFacts | undefined
  /** After the statement has run. Says what has another name from here on. */
  readonly note: (node: Node) => Renamed | undefined
}

/** By keys. */
export interface Renamed {
  readonly from: string
  readonly to: string
  readonly relation: RangeVar
}

const temporary = "pg_temp"

export const tracking = (initial: SearchPath, facts: RelationFacts | undefined): Created => {
  const keys = new Set<string>()
  const known = knowing(facts)
  let path = initial
  const isThere = (key: string) => keys.has(key) || known.table(key) !== undefined
  const keyOf: Created["keyOf"] = ({ relname = "", relpersistence, schemaname } = {}) => {
    if (relpersistence === "t") return keyFor(temporary, relname)
    if (schemaname !== undefined) return keyFor(schemaname, relname)
    const found = [temporary, ...path].find((schema) => isThere(keyFor(schema, relname)))
    return keyFor(found ?? path[0] ?? "public", relname)
  }
  const has: Created["has"] = (relation) =>
    relation !== undefined && (relation.schemaname === temporary || keys.has(keyOf(relation)))
  const add = ({ relation, unlessThere = false }: Made) => {
    if (relation === undefined) return
    // Without a database IF NOT EXISTS is believed to be caution: who writes the table down takes it for new.
    if (unlessThere && known.table(keyOf(relation)) !== undefined) return
    const schemaname = relation.schemaname ?? path[0] ?? "public"
    keys.add(keyOf({ schemaname, ...relation }))
  }
  const move = ({ from, to }: Renamed) => {
    known.set(to, known.table(from))
    known.set(from, undefined)
    if (keys.delete(from)) keys.add(to)
    else keys.delete(to)
  }
  const note: Created["note"] = (node) => {
    const set = searchPathOf(node)
    if (set !== undefined) path = set === "initial" ? initial : set
    for (const made of madeBy(node)) add(made)
    for (const { of, relation } of partsBy(node)) if (has(of)) add({ relation })
    const renamed = renamedBy(node)
    const moved = renamed && {
      from: keyOf(renamed.from),
      to: toKey(renamed.to, keyOf(renamed.from)),
      relation: renamed.to
    }
    if (moved !== undefined) move(moved)
    for (const [from, to] of schemaRenamedBy(node, keys)) move({ from, to, relation: {} })
    known.change(node, keyOf)
    for (const gone of goneBy(node)) forget(keyOf(gone))
    return moved
  }
  const forget = (key: string) => {
    keys.delete(key)
    known.set(key, undefined)
  }
  return { has, keyOf, note, table: (relation) => (relation === undefined ? undefined : known.table(keyOf(relation))) }
}

/** A new name is in the schema in which the old one was. */
const toKey = ({ relname = "", schemaname }: RangeVar, from: string): string =>
  keyFor(schemaname ?? schemaOf(from), relname)

interface Made {
  readonly relation: RangeVar | undefined
  readonly unlessThere?: boolean
}

/** What CREATE SCHEMA makes is in that schema. */
const within = (schemaname: string | undefined, relation: RangeVar | undefined): RangeVar | undefined =>
  relation === undefined || schemaname === undefined ? relation : { schemaname, ...relation }

const madeBy = (node: Node): ReadonlyArray<Made> => {
  if ("CreateStmt" in node)
    return [{ relation: node.CreateStmt.relation, unlessThere: node.CreateStmt.if_not_exists === true }]
  if ("CreateTableAsStmt" in node) {
    const { if_not_exists, into } = node.CreateTableAsStmt
    return [{ relation: into?.rel, unlessThere: if_not_exists === true }]
  }
  if ("ViewStmt" in node) return node.ViewStmt.replace === true ? [] : [{ relation: node.ViewStmt.view }]
  if ("CreateForeignTableStmt" in node) return [{ relation: node.CreateForeignTableStmt.base?.relation }]
  if ("SelectStmt" in node) return [{ relation: intoOf(node.SelectStmt) }]
  if ("CreateSeqStmt" in node)
    return [{ relation: node.CreateSeqStmt.sequence, unlessThere: node.CreateSeqStmt.if_not_exists === true }]
  if ("CreateSchemaStmt" in node) {
    const { schemaElts = [], schemaname } = node.CreateSchemaStmt
    return schemaElts.flatMap(madeBy).map((made) => ({ ...made, relation: within(schemaname, made.relation) }))
  }
  return []
}

type Select = Extract<Node, { SelectStmt: unknown }>["SelectStmt"]

/** Of a UNION, the first query has it. */
const intoOf = ({ intoClause, larg }: Select): RangeVar | undefined =>
  intoClause?.rel ?? (larg === undefined ? undefined : intoOf(larg))

interface Part {
  readonly relation: RangeVar
  readonly of: RangeVar | undefined
}

/** Of a table that is new nobody uses the indexes and the sequences. */
const partsBy = (node: Node): ReadonlyArray<Part> => {
  if ("IndexStmt" in node) {
    const { idxname, indexParams = [], relation } = node.IndexStmt
    const columns = indexParams.map((param) => ("IndexElem" in param ? (param.IndexElem.name ?? "expr") : ""))
    return [
      {
        relation: { ...relation, relname: idxname ?? derived(relation?.relname ?? "", ...columns, "idx") },
        of: relation
      }
    ]
  }
  if ("CreateStmt" in node) {
    const { relation, tableElts = [] } = node.CreateStmt
    return sequencesOf(
      relation,
      tableElts.flatMap((element) => ("ColumnDef" in element ? [element.ColumnDef] : []))
    )
  }
  if (!("AlterTableStmt" in node)) return []
  const { relation } = node.AlterTableStmt
  return sequencesOf(
    relation,
    commandsIn(node.AlterTableStmt, "").flatMap(({ body }) => addedColumn(body) ?? [])
  )
}

const sequencesOf = (relation: RangeVar | undefined, columns: ReadonlyArray<ColumnDef>): ReadonlyArray<Part> =>
  columns
    .filter((column) => isSerial(column) || constraintsOf(column).some(({ contype }) => contype === "CONSTR_IDENTITY"))
    .map(({ colname = "" }) => ({
      relation: { ...relation, relname: derived(relation?.relname ?? "", colname, "seq") },
      of: relation
    }))

const whole = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_INDEX",
  "OBJECT_SEQUENCE"
])

const renamedBy = (node: Node): { readonly from: RangeVar; readonly to: RangeVar } | undefined => {
  if ("RenameStmt" in node) {
    const { newname, relation, renameType = "" } = node.RenameStmt
    return whole.has(renameType) && relation !== undefined && newname !== undefined
      ? { from: relation, to: { ...relation, relname: newname } }
      : undefined
  }
  if ("AlterObjectSchemaStmt" in node) {
    const { newschema, relation } = node.AlterObjectSchemaStmt
    return relation !== undefined && newschema !== undefined
      ? { from: relation, to: { ...relation, schemaname: newschema } }
      : undefined
  }
  return undefined
}

/** What was new in the schema is so under its new name. */
const schemaRenamedBy = (node: Node, keys: ReadonlySet<string>): ReadonlyArray<readonly [from: string, to: string]> => {
  if (!("RenameStmt" in node) || node.RenameStmt.renameType !== "OBJECT_SCHEMA") return []
  const { newname = "", subname = "" } = node.RenameStmt
  return [...keys]
    .filter((key) => schemaOf(key) === subname)
    .map((key) => [key, `${newname}${key.slice(subname.length)}`])
}

const goneBy = (node: Node): ReadonlyArray<RangeVar> =>
  "DropStmt" in node && whole.has(node.DropStmt.removeType ?? "")
    ? (node.DropStmt.objects ?? []).map((object) => relationOf(objectName(object)))
    : []
