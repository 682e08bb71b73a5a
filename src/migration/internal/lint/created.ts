/** Which relations a migration has made by itself, up to a statement of it. */
import type { Node, RangeVar } from "libpg-query"
import type { RelationFacts, TableFacts } from "../../../catalog/RelationFacts.ts"
import { objectName, relationOf } from "./names.ts"

/** Where relations are that are named without their schema. */
export type SearchPath = ReadonlyArray<string>

export interface Created {
  readonly has: (relation: RangeVar | undefined) => boolean
  /** After the statement has run. */
  readonly note: (node: Node) => void
}

export const tracking = (searchPath: SearchPath, facts: RelationFacts | undefined): Created => {
  const keys = new Set<string>()
  let [schema = "public"] = searchPath
  const keyOf = ({ relname = "", schemaname }: RangeVar) => `${schemaname ?? schema}.${relname}`
  const add = (relation: RangeVar | undefined, unlessThere = false) => {
    if (relation === undefined) return
    // Without a database IF NOT EXISTS is believed to be caution: who writes the table down takes it for new.
    if (unlessThere && findTable(facts, relation) !== undefined) return
    keys.add(relation.relpersistence === "t" ? `pg_temp.${relation.relname ?? ""}` : keyOf(relation))
  }
  const has = (relation: RangeVar | undefined): boolean =>
    relation !== undefined &&
    (keys.has(keyOf(relation)) || (relation.schemaname === undefined && keys.has(`pg_temp.${relation.relname ?? ""}`)))
  const note = (node: Node): void => {
    const path = searchPathIn(node)
    if (path !== undefined) schema = path
    for (const made of madeBy(node)) add(made.relation, made.unlessThere)
    const renamed = renamedBy(node)
    if (renamed !== undefined && has(renamed.from)) add(renamed.to)
    const index = indexIn(node)
    if (index !== undefined && has(index.table)) add(index.relation)
    for (const gone of goneBy(node)) keys.delete(keyOf(gone))
  }
  return { has, note }
}

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
  if ("SelectStmt" in node) return [{ relation: node.SelectStmt.intoClause?.rel }]
  if ("CreateSeqStmt" in node)
    return [{ relation: node.CreateSeqStmt.sequence, unlessThere: node.CreateSeqStmt.if_not_exists === true }]
  if ("CreateSchemaStmt" in node) {
    const { schemaElts = [], schemaname } = node.CreateSchemaStmt
    return schemaElts.flatMap(madeBy).map((made) => ({ ...made, relation: within(schemaname, made.relation) }))
  }
  return []
}

/** Of a table that is new nobody uses the index. */
const indexIn = (node: Node): { readonly relation: RangeVar; readonly table: RangeVar | undefined } | undefined => {
  if (!("IndexStmt" in node) || node.IndexStmt.idxname === undefined) return undefined
  const { idxname, relation } = node.IndexStmt
  return { relation: { ...relation, relname: idxname }, table: relation }
}

const renamedBy = (node: Node): { readonly from: RangeVar; readonly to: RangeVar } | undefined => {
  if ("RenameStmt" in node) {
    const { newname, relation, renameType } = node.RenameStmt
    const whole = renameType === "OBJECT_TABLE" || renameType === "OBJECT_VIEW" || renameType === "OBJECT_MATVIEW"
    return whole && relation !== undefined && newname !== undefined
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

const goneBy = (node: Node): ReadonlyArray<RangeVar> =>
  "DropStmt" in node && node.DropStmt.removeType === "OBJECT_TABLE"
    ? (node.DropStmt.objects ?? []).map((object) => relationOf(objectName(object)))
    : []

/** The first schema of a SET search_path. */
const searchPathIn = (node: Node): string | undefined => {
  if (!("VariableSetStmt" in node) || node.VariableSetStmt.name !== "search_path") return undefined
  const [first] = node.VariableSetStmt.args ?? []
  const value = first !== undefined && "A_Const" in first ? first.A_Const.sval?.sval : undefined
  return value === undefined || value === "" || value === "pg_catalog" ? undefined : value
}

/** In the schema that it names, or in the first of the search path that has it. */
export const findTable = (facts: RelationFacts | undefined, relation: RangeVar | undefined): TableFacts | undefined => {
  if (facts === undefined || relation === undefined) return undefined
  const schemas = relation.schemaname === undefined ? facts.searchPath : [relation.schemaname]
  for (const schema of schemas) {
    const found = facts.tables.find((table) => table.schema === schema && table.name === relation.relname)
    if (found !== undefined) return found
  }
  return undefined
}
