/** The columns that a model's rows are decoded from, and what the driver reads a column as. */
import * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"
import { baseName } from "./columnType.ts"

/** What the driver reads a value as. */
export type Reads = "a string" | "a number" | "a boolean" | "a bigint" | "a Date" | "bytes"

export interface ModelColumn {
  /** That of the field. */
  readonly name: string
  /** `undefined` where the field is encoded to none of these, or to several. */
  readonly reads: Reads | undefined
  /** `false` where a NULL is not decoded; a field that bears one bears a column without. */
  readonly nullable: false | undefined
}

const byTag: Readonly<Record<string, Reads>> = {
  String: "a string",
  TemplateLiteral: "a string",
  Number: "a number",
  Boolean: "a boolean",
  BigInt: "a bigint"
}

const byTypeof: Readonly<Record<string, Reads>> = {
  string: "a string",
  number: "a number",
  boolean: "a boolean",
  bigint: "a bigint"
}

const readsOf = (ast: AST.AST): Reads | undefined => {
  if (ast._tag === "Literal") return byTypeof[typeof ast.literal]
  if (ast._tag !== "Declaration") return byTag[ast._tag]
  const accepts = Schema.is(Schema.make(ast))
  if (accepts(new Date(0))) return "a Date"
  return accepts(new Uint8Array()) ? "bytes" : undefined
}

const membersOf = (ast: AST.AST): ReadonlyArray<AST.AST> =>
  ast._tag === "Union" ? ast.types.flatMap(membersOf) : [ast]

/** A column for each field that is read. */
export const modelColumns = (model: { readonly fields: Schema.Struct.Fields }): ReadonlyArray<ModelColumn> =>
  Object.entries(model.fields).map(([name, field]) => {
    const members = membersOf(Schema.toEncoded(field).ast)
    const kinds = new Set(members.filter(({ _tag }) => _tag !== "Null" && _tag !== "Undefined").map(readsOf))
    const [reads] = kinds
    const bearsNull = members.some(({ _tag }) => _tag === "Null" || _tag === "Any" || _tag === "Unknown")
    return { name, reads: kinds.size === 1 ? reads : undefined, nullable: bearsNull ? undefined : false }
  })

/** PostgreSQL's own types; what else there is is left to the application. */
const readAs: Readonly<Record<string, Reads>> = {
  boolean: "a boolean",
  smallint: "a number",
  integer: "a number",
  real: "a number",
  "double precision": "a number",
  oid: "a number",
  bigint: "a bigint",
  numeric: "a string",
  text: "a string",
  "character varying": "a string",
  character: "a string",
  name: "a string",
  uuid: "a string",
  date: "a string",
  "timestamp without time zone": "a Date",
  "timestamp with time zone": "a Date",
  bytea: "bytes"
}

/** Whether the driver reads a column of a type as that; of a type that is not known here, it is taken to. */
export const readsAs = (type: string, reads: Reads): boolean => (readAs[baseName(type)] ?? reads) === reads
