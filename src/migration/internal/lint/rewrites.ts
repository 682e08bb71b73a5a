/** What a command of ALTER TABLE does to the rows of its table. */
import type { AlterTableCmd, ColumnDef, Constraint, Node, RangeVar } from "libpg-query"
import type { RelationFacts } from "../../../catalog/RelationFacts.ts"
import { partsOf, spell } from "./names.ts"
import {
  addedColumn,
  alteredConstraint,
  type Command,
  columnOf,
  constraintOf,
  constraintsOf,
  nodesIn
} from "./nodes.ts"
import { isProved, mentions, unprovedKey } from "./proofs.ts"
import type { LintContext, LintStatement } from "./rule.ts"
import { keepsRows, parseType, typeOf } from "./types.ts"

/** Why a new column makes PostgreSQL write all rows anew. */
export const rewriteOf = (
  column: ColumnDef | undefined,
  { facts, isConstrained }: LintContext
): "serial" | "identity" | "stored" | "volatile" | "domain" | undefined => {
  if (column === undefined) return undefined
  if (isSerial(column)) return "serial"
  const constraints = constraintsOf(column)
  if (constraints.some(({ contype }) => contype === "CONSTR_IDENTITY")) return "identity"
  if (constraints.some(({ contype, generated_kind }) => contype === "CONSTR_GENERATED" && generated_kind === "s"))
    return "stored"
  if (volatileCall(defaultOf(column), facts) !== undefined) return "volatile"
  return isConstrained(column.typeName) ? "domain" : undefined
}

export const isSerial = ({ typeName }: ColumnDef): boolean => {
  const last = typeName?.names?.at(-1)
  return last !== undefined && "String" in last && /^(?:small|big)?serial[248]?$/u.test(last.String.sval ?? "")
}

export const defaultOf = (column: ColumnDef): Node | undefined =>
  constraintsOf(column).find(({ contype }) => contype === "CONSTR_DEFAULT")?.raw_expr

/** The function of an expression that is not known to give the same for all rows of a statement. */
export const volatileCall = (expression: Node | undefined, facts: RelationFacts | undefined): string | undefined =>
  functionsIn(expression)
    .find((parts) => !isSteady(parts, facts))
    ?.join(".")

const isSteady = (parts: ReadonlyArray<string>, facts: RelationFacts | undefined): boolean => {
  const [name = "", schema = "pg_catalog"] = parts.toReversed()
  return (schema === "pg_catalog" && steady.has(name)) || facts?.steadyFunctions.includes(name) === true
}

/** The names of the functions that an expression calls, by parts. */
export const functionsIn = (expression: unknown): ReadonlyArray<ReadonlyArray<string>> =>
  nodesIn(expression, "FuncCall").map(({ funcname }) => partsOf(funcname))

/** PostgreSQL's own functions that people write in defaults and that are stable or immutable. Any other may be volatile. */
export const steady: ReadonlySet<string> = new Set(
  (
    "abs age array array_append array_cat array_fill array_length ascii btrim ceil char_length chr concat concat_ws " +
    "convert_from convert_to current_database current_schema current_schemas current_setting date date_part " +
    "date_trunc daterange decode encode extract floor format inet_client_addr inet_client_port initcap int4range " +
    "int8range json_array json_build_array json_build_object json_object jsonb_build_array jsonb_build_object " +
    "jsonb_object jsonb_set left length lower lpad ltrim make_date make_interval make_time make_timestamp " +
    "make_timestamptz md5 mod now numrange octet_length pg_backend_pid pg_current_xact_id point power quote_ident " +
    "quote_literal repeat replace reverse right round rpad rtrim sha256 sha512 split_part sqrt statement_timestamp " +
    "string_to_array substr substring timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp " +
    "to_tsvector transaction_timestamp trim trunc tsrange tstzrange txid_current upper version xmlelement"
  ).split(" ")
)

/** Whether ALTER COLUMN TYPE is known to leave the rows as they are, which only the database can say. */
export const keepsColumn = (context: LintContext, command: Command): boolean => {
  const before = columnBefore(context, command)
  const { collClause, raw_default, typeName } = columnOf(command.body) ?? {}
  if (before === undefined || typeName === undefined) return false
  return collClause === undefined && raw_default === undefined && keepsRows(parseType(before.type), typeOf(typeName))
}

/** A CHECK of a column whose type changes is made anew, and all rows are held to it. */
export const isChecked = (context: LintContext, command: Command): boolean => {
  const { name = "" } = command.body
  const constraints = context.table(command.relation)?.constraints ?? []
  return constraints.some(({ definition }) => definition.startsWith("CHECK") && mentions(definition, spell(name)))
}

const columnBefore = ({ table }: LintContext, { body, relation }: Command) =>
  table(relation)?.columns.find(({ name }) => name === body.name)

/** Whether the table's rows are written anew. */
export const rewrites = (command: Command, context: LintContext): boolean => {
  switch (command.body.subtype) {
    case "AT_AddColumn":
      return rewriteOf(addedColumn(command.body), context) !== undefined
    case "AT_AlterColumnType":
      return !keepsColumn(context, command)
    case "AT_SetLogged":
    case "AT_SetUnLogged":
    case "AT_SetAccessMethod":
    case "AT_SetTableSpace":
    case "AT_SetExpression":
      return true
    default:
      return false
  }
}

/** Whether all rows are read, be it to check them or to put them into an index. */
export const scans = (command: Command, statement: LintStatement, context: LintContext): boolean => {
  const { body, relation } = command
  switch (body.subtype) {
    case "AT_AddColumn":
      return checksKey(body) || constraintsOf(columnOf(body)).some(({ contype }) => readsForColumn.has(contype ?? ""))
    case "AT_SetNotNull":
      return !isProved(context, statement, relation, body.name ?? "")
    case "AT_AddConstraint": {
      const { indexname, skip_validation } = constraintOf(body) ?? {}
      if (indexname !== undefined) return unprovedKey(context, statement, command).length > 0
      return skip_validation !== true && !(isKey(constraintOf(body)) && isKnownParentAlone(context, relation))
    }
    case "AT_AlterColumnType":
      return isChecked(context, command)
    case "AT_AlterConstraint":
      return checksKey(body)
    case "AT_ValidateConstraint":
      return true
    default:
      return false
  }
}

/** Whether an index is made of a partitioned table alone, whose partitions get theirs apart. Nobody writes ONLY for another. */
export const isParentAlone = ({ table }: LintContext, relation: RangeVar | undefined): boolean =>
  relation?.inh !== true && (table(relation)?.kind ?? "partitioned table") === "partitioned table"

/** The same of ALTER TABLE, where `pg_dump` writes ONLY for all tables, so that the database has to say so. */
export const isKnownParentAlone = (context: LintContext, relation: RangeVar | undefined): boolean =>
  context.table(relation) !== undefined && isParentAlone(context, relation)

/** Whether a foreign key is held to the rows of both tables. In a new column without a default all are NULL. */
export const checksKey = (command: AlterTableCmd): boolean => {
  const constraint = constraintOf(command)
  if (constraint?.contype === "CONSTR_FOREIGN") return constraint.skip_validation !== true
  const altered = alteredConstraint(command)
  if (altered !== undefined) return altered.alterEnforceability === true && altered.is_enforced === true
  const column = addedColumn(command)
  if (column === undefined || defaultOf(column) === undefined) return false
  return constraintsOf(column).some(({ contype }) => contype === "CONSTR_FOREIGN")
}

const isKey = (constraint: Constraint | undefined): boolean =>
  constraint?.contype === "CONSTR_UNIQUE" || constraint?.contype === "CONSTR_PRIMARY"

const readsForColumn = new Set(["CONSTR_CHECK", "CONSTR_UNIQUE", "CONSTR_PRIMARY"])
