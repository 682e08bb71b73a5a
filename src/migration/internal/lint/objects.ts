/**
 * What a migration makes and drops beside relations: functions, types, schemas,
 * triggers, policies. Kinds are called as the parser calls what a DROP is about.
 */
import type { FunctionParameter, Node, RangeVar, TypeName } from "libpg-query"
import { objectName, partsOf, relationOf } from "./names.ts"
import type { LintContext, LintStatement } from "./rule.ts"
import { typeOf } from "./types.ts"

export interface ObjectName {
  /** `OBJECT_FUNCTION`, `OBJECT_VIEW` ... */
  readonly kind: string
  /** Its name behind that of its schema; a trigger's or a policy's behind that of its table. */
  readonly parts: ReadonlyArray<string>
}

/** A kind in words. */
export const wordOf = (kind: string | undefined = ""): string =>
  words[kind] ?? kind.replace("OBJECT_", "").replaceAll("_", " ").toLowerCase()

const words: Readonly<Record<string, string>> = {
  OBJECT_MATVIEW: "materialized view",
  OBJECT_TSCONFIGURATION: "text search configuration",
  OBJECT_TSDICTIONARY: "text search dictionary",
  OBJECT_TSPARSER: "text search parser",
  OBJECT_TSTEMPLATE: "text search template",
  OBJECT_FDW: "foreign data wrapper",
  OBJECT_FOREIGN_SERVER: "server",
  OBJECT_OPCLASS: "operator class",
  OBJECT_OPFAMILY: "operator family"
}

/** What a CREATE makes. With OR REPLACE it may have been there before. */
export const madeBy = (node: Node): (ObjectName & { readonly replace: boolean }) | undefined => {
  const made = objectOf(node)
  return made === undefined ? undefined : { replace: false, ...made }
}

const objectOf = (node: Node): (ObjectName & { readonly replace?: boolean }) | undefined => {
  if ("CreateFunctionStmt" in node) {
    const { funcname, is_procedure, replace = false } = node.CreateFunctionStmt
    return { kind: is_procedure === true ? "OBJECT_PROCEDURE" : "OBJECT_FUNCTION", parts: partsOf(funcname), replace }
  }
  if ("ViewStmt" in node) {
    const { replace = false, view } = node.ViewStmt
    return { kind: "OBJECT_VIEW", parts: relationParts(view), replace }
  }
  if ("CreateTrigStmt" in node) {
    const { relation, replace = false, trigname = "" } = node.CreateTrigStmt
    return { kind: "OBJECT_TRIGGER", parts: [...relationParts(relation), trigname], replace }
  }
  if ("RuleStmt" in node) {
    const { relation, replace = false, rulename = "" } = node.RuleStmt
    return { kind: "OBJECT_RULE", parts: [...relationParts(relation), rulename], replace }
  }
  if ("CreatePolicyStmt" in node) {
    const { policy_name = "", table } = node.CreatePolicyStmt
    return { kind: "OBJECT_POLICY", parts: [...relationParts(table), policy_name] }
  }
  return relationMadeBy(node) ?? typeMadeBy(node)
}

const relationMadeBy = (node: Node): ObjectName | undefined => {
  if ("CreateStmt" in node) return { kind: "OBJECT_TABLE", parts: relationParts(node.CreateStmt.relation) }
  if ("CreateSeqStmt" in node) return { kind: "OBJECT_SEQUENCE", parts: relationParts(node.CreateSeqStmt.sequence) }
  if ("CreateTableAsStmt" in node) {
    const { into, objtype = "" } = node.CreateTableAsStmt
    return { kind: objtype, parts: relationParts(into?.rel) }
  }
  return undefined
}

const typeMadeBy = (node: Node): ObjectName | undefined => {
  if ("CompositeTypeStmt" in node) return { kind: "OBJECT_TYPE", parts: relationParts(node.CompositeTypeStmt.typevar) }
  if ("CreateEnumStmt" in node) return { kind: "OBJECT_TYPE", parts: partsOf(node.CreateEnumStmt.typeName) }
  if ("CreateRangeStmt" in node) return { kind: "OBJECT_TYPE", parts: partsOf(node.CreateRangeStmt.typeName) }
  if ("CreateDomainStmt" in node) return { kind: "OBJECT_DOMAIN", parts: partsOf(node.CreateDomainStmt.domainname) }
  if ("CreateSchemaStmt" in node) return { kind: "OBJECT_SCHEMA", parts: [node.CreateSchemaStmt.schemaname ?? ""] }
  if ("CreateRoleStmt" in node) return { kind: "OBJECT_ROLE", parts: [node.CreateRoleStmt.role ?? ""] }
  if ("CreateExtensionStmt" in node)
    return { kind: "OBJECT_EXTENSION", parts: [node.CreateExtensionStmt.extname ?? ""] }
  if ("DefineStmt" in node) return { kind: node.DefineStmt.kind ?? "", parts: partsOf(node.DefineStmt.defnames) }
  return undefined
}

export const relationParts = (relation: RangeVar | undefined): ReadonlyArray<string> =>
  [relation?.schemaname, relation?.relname].flatMap((part) => (part === undefined ? [] : [part]))

/** What a DROP is about. */
export const droppedBy = (node: Node): ReadonlyArray<ObjectName & { readonly node: Node }> => {
  if (!("DropStmt" in node)) return []
  const { objects = [], removeType: kind = "" } = node.DropStmt
  return objects.map((object) => ({ kind, parts: objectName(object), node: object }))
}

/** Whether this migration has made it before the statement, so that nobody else uses it yet. */
export const isMadeBefore = ({ index }: LintStatement, context: LintContext, name: ObjectName): boolean =>
  context.statements.slice(0, index).some(({ node }) => makes(node, name, context) && madeBy(node)?.replace === false)

/** Whether this migration makes it again behind the statement. */
export const isMadeAfter = ({ index }: LintStatement, context: LintContext, name: ObjectName): boolean =>
  context.statements.slice(index + 1).some(({ node }) => makes(node, name, context))

const makes = (node: Node, name: ObjectName, context: LintContext): boolean => {
  const made = madeBy(node)
  return made !== undefined && made.kind === name.kind && keyOf(made, context) === keyOf(name, context)
}

/** The schema of a name without one is found as that of a relation is. */
const keyOf = ({ kind, parts }: ObjectName, context: LintContext): string => {
  const named = ofTables.has(kind) ? parts.slice(0, -1) : parts
  return [context.keyOf(relationOf(named)), ...parts.slice(named.length)].join("\0")
}

/** Whose name stands behind that of their table. */
const ofTables = new Set(["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"])

/** The types of what a call passes, in words. */
export const argumentsOf = (parameters: ReadonlyArray<Node> | undefined): ReadonlyArray<string> =>
  (parameters ?? []).flatMap((node) => {
    const type = "FunctionParameter" in node ? inputType(node.FunctionParameter) : undefined
    return type === undefined ? [] : [typeText(type)]
  })

const inputType = ({ argType, mode }: FunctionParameter): TypeName | undefined =>
  mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_TABLE" ? undefined : argType

/** A type as people write it, without its size. */
export const typeText = (type: TypeName): string =>
  `${typeOf(type).name}${(type.arrayBounds ?? []).map(() => "[]").join("")}`
