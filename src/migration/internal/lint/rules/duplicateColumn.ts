import { definitionsIn } from "../columns.ts"
import { advice } from "../fixes.ts"
import type { Node, ResTarget } from "libpg-query"
import { spell } from "../names.ts"
import { nodesIn } from "../nodes.ts"
import type { LintStatement, Rule } from "../rule.ts"

export const duplicateColumn: Rule = {
  name: "duplicate-column",
  reason: "PostgreSQL refuses a statement that names a column twice, when it runs: the parser does not.",
  check: (statement) =>
    listsOf(statement).flatMap((columns) => {
      const twice = columns.find(({ name }, i) => columns.findIndex((other) => other.name === name) < i)
      if (twice === undefined) return []
      const column = spell(twice.name)
      return [
        {
          at: statement.placeOf(twice.location),
          message: `${column} is named twice`,
          fix: advice(`remove one ${column}, or give it the name of another column`)
        }
      ]
    })
}

interface Named {
  readonly name: string
  readonly location: number | undefined
}

const listsOf = ({ node }: LintStatement): ReadonlyArray<ReadonlyArray<Named>> => {
  if ("CreateStmt" in node) return [columnsIn(node.CreateStmt.tableElts)]
  if ("CompositeTypeStmt" in node) return [columnsIn(node.CompositeTypeStmt.coldeflist)]
  if ("ViewStmt" in node) return "SelectStmt" in (node.ViewStmt.query ?? {}) ? [outputsOf(node.ViewStmt.query)] : []
  if ("CreateTableAsStmt" in node) return [outputsOf(node.CreateTableAsStmt.query)]
  return [
    ...nodesIn(node, "InsertStmt").map(({ cols }) => targetsIn(cols)),
    ...nodesIn(node, "UpdateStmt").map(({ targetList }) => targetsIn(targetList))
  ]
}

const columnsIn = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<Named> =>
  definitionsIn(nodes).map(({ colname = "", location }) => ({ name: colname, location }))

/** Of one that has an index or a field, several parts may be given. */
const targetsIn = (nodes: ReadonlyArray<Node> = []): ReadonlyArray<Named> =>
  targets(nodes).flatMap(({ indirection, location, name }) =>
    name === undefined || indirection !== undefined ? [] : [{ name, location }]
  )

const targets = (nodes: ReadonlyArray<Node>): ReadonlyArray<ResTarget> =>
  nodes.flatMap((node) => ("ResTarget" in node ? [node.ResTarget] : []))

/** Those whose name can be read off: an alias, or a column alone. */
const outputsOf = (query: Node | undefined): ReadonlyArray<Named> => {
  const list = query !== undefined && "SelectStmt" in query ? (query.SelectStmt.targetList ?? []) : []
  return targets(list).flatMap(({ location, name, val }) => {
    const field = val !== undefined && "ColumnRef" in val ? val.ColumnRef.fields?.at(-1) : undefined
    const own = name ?? (field !== undefined && "String" in field ? field.String.sval : undefined)
    return own === undefined ? [] : [{ name: own, location }]
  })
}
