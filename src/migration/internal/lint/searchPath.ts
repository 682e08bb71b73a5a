/** Where relations are that are named without their schema. */
import type { Node } from "libpg-query"
import { constantOf, nodesIn } from "./nodes.ts"
import { partsOf } from "./names.ts"

/** Schemas, first to last. */
export type SearchPath = ReadonlyArray<string>

/** What a statement makes of it, and `"initial"` if that is what it was before the migration. */
export const searchPathOf = (node: Node): SearchPath | "initial" | undefined => {
  if ("SelectStmt" in node) return ofCall(node)
  if (!("VariableSetStmt" in node)) return undefined
  const { args = [], kind, name } = node.VariableSetStmt
  if (kind === "VAR_RESET_ALL") return "initial"
  if (name !== "search_path") return undefined
  return kind === "VAR_SET_VALUE" ? schemasIn(args.map(textOf)) : "initial"
}

/** `SELECT set_config('search_path', 'app, public', false)`, as `pg_dump` writes it. */
const ofCall = (node: Node): SearchPath | undefined => {
  for (const { args = [], funcname } of nodesIn(node, "FuncCall")) {
    const [setting, value] = args.map(textOf)
    if (partsOf(funcname).at(-1) === "set_config" && setting === "search_path" && value !== undefined)
      return schemasIn(value.split(",").map((schema) => schema.trim().replaceAll('"', "")))
  }
  return undefined
}

const textOf = (node: Node): string | undefined => ("A_Const" in node ? constantOf(node.A_Const) : undefined)

/** Without those in which no migration makes a table by a name alone. None is left where all names have their schema. */
const schemasIn = (values: ReadonlyArray<string | undefined>): SearchPath | undefined => {
  const schemas = values.flatMap((value) => (value === undefined || servers.has(value) ? [] : [value]))
  return schemas.length === 0 ? undefined : schemas
}

const servers = new Set(["", "pg_catalog", "$user"])
