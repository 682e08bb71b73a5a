/** Asks a database for what the rules want to know of the relations that migrations name. */
import * as Effect from "effect/Effect"
import type { Node } from "libpg-query"
import type { Connection } from "effect/sql/SqlConnection"
import type { DatabaseError } from "../../../error/DatabaseError.ts"
import * as RelationFacts from "../../../catalog/RelationFacts.ts"
import type { ParsedScript } from "../splitter.ts"
import { objectName, partsOf } from "./names.ts"
import { nodesIn } from "./nodes.ts"
import { functionsIn } from "./rewrites.ts"

/** `searchPath` is that of the migrations, where it is not the connection's own. */
export const factsFor = (
  connection: Connection,
  scripts: ReadonlyArray<ParsedScript>,
  searchPath: ReadonlyArray<string> | undefined
): Effect.Effect<RelationFacts.RelationFacts, DatabaseError> => {
  const nodes = scripts.flatMap(({ statements }) => statements.map(({ node }) => node))
  const relations = new Set(nodes.flatMap(relationNames))
  const functions = new Set(functionsIn(nodes).flatMap((parts) => parts.at(-1) ?? []))
  const types = new Set(nodes.flatMap(typesOfColumns))
  const question = { relations: [...relations], functions: [...functions], types: [...types] }
  const read = RelationFacts.read(connection, question)
  return searchPath === undefined ? read : Effect.map(read, (facts) => ({ ...facts, searchPath }))
}

/** A domain is known by the last part of its name. */
const typesOfColumns = (node: Node): ReadonlyArray<string> =>
  nodesIn(node, "ColumnDef").flatMap(({ typeName }) => partsOf(typeName?.names).at(-1) ?? [])

/** Most statements have a relation as a field of their own, which is no node: so any object that has a `relname` counts. */
const relationNames = (tree: unknown): ReadonlyArray<string> => {
  if (typeof tree !== "object" || tree === null) return []
  const own = "relname" in tree && typeof tree.relname === "string" ? [tree.relname] : []
  return [...own, ...droppedNames(tree), ...Object.values(tree).flatMap(relationNames)]
}

/** Of what is dropped by the parts of its name, any part may be that of a relation. */
const droppedNames = (tree: object): ReadonlyArray<string> =>
  "DropStmt" in tree ? nodesIn(tree, "DropStmt").flatMap(({ objects = [] }) => objects.flatMap(objectName)) : []
