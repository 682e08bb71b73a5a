import type { Constraint, Node, RangeVar } from "libpg-query"
import { byTable, type Said } from "../byTable.ts"
import { columnsOf } from "../columns.ts"
import { steps } from "../contract.ts"
import { derived, list, nameOf, partsOf, spell } from "../names.ts"
import { commandsOf, constraintOf, constraintsOf } from "../nodes.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const foreignKeyIndex: Rule = {
  name: "foreign-key-index",
  reason:
    "Each DELETE of a row that is referred to, and each UPDATE of its key, looks for the rows that refer to it: without an index it reads their whole table.",
  check: (statement, context) =>
    keysOf(statement, context).flatMap(({ at, columns, references, relation }) => {
      if (!isKnown(context, relation) || isIndexed(context, relation, columns)) return []
      const table = nameOf(relation)
      const index = spell(derived(relation?.relname ?? "", ...columns, "idx"))
      const concurrently = context.isNew(relation) || "CreateStmt" in statement.node ? "" : " CONCURRENTLY"
      const create = `CREATE INDEX${concurrently} ${index} ON ${table} (${list(columns)});`
      return [
        {
          at,
          message: `no index of ${table} finds the rows by ${list(columns)} that refer to a row of ${references}`,
          fix: concurrently === "" ? steps(`${statement.text};`, create) : create
        }
      ]
    })
}

interface ForeignKey {
  readonly at: number
  readonly relation: RangeVar | undefined
  readonly columns: ReadonlyArray<string>
  readonly references: string
}

const keysOf = (statement: LintStatement, { isNew }: LintContext): ReadonlyArray<ForeignKey> => [
  ...columnsOf(statement).flatMap(({ at, column, how, relation }) =>
    constraintsOf(column)
      // The index of a column that a table in use gets now is made CONCURRENTLY, by a later migration.
      .filter((constraint) => isForeign(constraint) && (how === "created" || isNew(relation)))
      .map(({ pktable }) => ({ at, relation, columns: [column.colname ?? ""], references: nameOf(pktable) }))
  ),
  ...tableConstraints(statement)
    .filter(({ constraint }) => isForeign(constraint))
    .map(({ constraint, relation }) => ({
      at: statement.placeOf(constraint.location),
      relation,
      columns: partsOf(constraint.fk_attrs),
      references: nameOf(constraint.pktable)
    }))
]

const isForeign = ({ contype }: Constraint): boolean => contype === "CONSTR_FOREIGN"

interface TableConstraint {
  readonly relation: RangeVar | undefined
  readonly constraint: Constraint
}

const tableConstraints = (statement: LintStatement): ReadonlyArray<TableConstraint> => {
  if ("CreateStmt" in statement.node) {
    const { relation, tableElts = [] } = statement.node.CreateStmt
    return tableElts.flatMap((element) =>
      "Constraint" in element ? [{ relation, constraint: element.Constraint }] : []
    )
  }
  return commandsOf(statement).flatMap(({ body, relation }) => {
    const constraint = body.subtype === "AT_AddConstraint" ? constraintOf(body) : undefined
    return constraint === undefined ? [] : [{ relation, constraint }]
  })
}

/** Of a table that is there already, only the database knows the indexes. */
const isKnown = (context: LintContext, relation: RangeVar | undefined): boolean =>
  context.isNew(relation) || context.table(relation) !== undefined || creations(context, relation).length > 0

const creations = byTable(({ node }) =>
  "CreateStmt" in node ? [{ relation: node.CreateStmt.relation, what: undefined }] : []
)

const isIndexed = (context: LintContext, relation: RangeVar | undefined, columns: ReadonlyArray<string>): boolean =>
  [
    ...(context.table(relation)?.indexes ?? []).flatMap(({ columns: own, definition }) =>
      / WHERE /u.test(definition) ? [] : [own]
    ),
    ...indexes(context, relation)
  ].some((index) => columns.every((column) => index.slice(0, columns.length).includes(column)))

/** The columns of the indexes that a statement gives a table, by itself or for a constraint. */
const indexesIn = (statement: LintStatement): ReadonlyArray<Said<ReadonlyArray<string>>> => {
  const { node } = statement
  if ("IndexStmt" in node) {
    const { indexParams, relation, whereClause } = node.IndexStmt
    return whereClause === undefined ? [{ relation, what: elementsIn(indexParams) }] : []
  }
  const own = columnsOf(statement).flatMap(({ column, relation }) =>
    constraintsOf(column).some(isKey) ? [{ relation, what: [column.colname ?? ""] }] : []
  )
  const keys = tableConstraints(statement).flatMap(({ constraint, relation }) =>
    isKey(constraint) ? [{ relation, what: partsOf(constraint.keys) }] : []
  )
  return [...own, ...keys]
}

const isKey = ({ contype }: Constraint): boolean => contype === "CONSTR_PRIMARY" || contype === "CONSTR_UNIQUE"

const elementsIn = (params: ReadonlyArray<Node> = []): ReadonlyArray<string> =>
  params.map((param) => ("IndexElem" in param ? (param.IndexElem.name ?? "") : ""))

const indexes = byTable(indexesIn)
