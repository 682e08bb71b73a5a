/** The locks of DROP. The tables that a foreign key connects are both locked when it goes, which only the database knows. */
import type { RangeVar } from "libpg-query"
import type { LockMode, Taken } from "./lockModes.ts"
import { objectName, relationOf } from "./names.ts"
import type { Of } from "./nodes.ts"
import type { LintContext } from "./rule.ts"

const relations = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_SEQUENCE",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_INDEX"
])

/** Whose name stands behind that of their table. */
const ofTables = new Set(["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"])

export const dropLocks = (
  { concurrent, objects = [], removeType = "OBJECT_TYPE" }: Of<"DropStmt">,
  context: LintContext
): ReadonlyArray<Taken> => {
  const mode: LockMode = concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"
  const names = objects.map(objectName)
  if (ofTables.has(removeType)) return names.map((parts) => ({ relation: relationOf(parts.slice(0, -1)), mode }))
  if (!relations.has(removeType)) return []
  return names.flatMap((parts) => {
    const relation = relationOf(parts)
    const owner = removeType === "OBJECT_INDEX" ? ownerOf(relation, context) : undefined
    return [
      { relation, mode },
      ...(owner === undefined ? referencedBy(relation, context) : [{ relation: owner, mode }])
    ]
  })
}

/** The tables that foreign keys of the table point at, or the one of that name. */
export const referencedBy = (
  relation: RangeVar | undefined,
  context: LintContext,
  constraint?: string
): ReadonlyArray<Taken> =>
  (context.table(relation)?.constraints ?? []).flatMap(({ name, references }) =>
    references === null || (constraint !== undefined && constraint !== name)
      ? []
      : [{ relation: asNamed(references.schema, references.table, context), mode: "ACCESS EXCLUSIVE" }]
  )

/** The table of an index. */
export const ownerOf = (index: RangeVar | undefined, context: LintContext): RangeVar | undefined => {
  const { relname, schemaname } = index ?? {}
  const owner = context.facts?.tables.find(
    ({ indexes, schema }) =>
      (schemaname === undefined ? context.facts?.searchPath.includes(schema) === true : schema === schemaname) &&
      indexes.some(({ name }) => name === relname)
  )
  return owner && asNamed(owner.schema, owner.name, context)
}

/** As a statement would most likely name it, so that one table has one name. */
const asNamed = (schemaname: string, relname: string, { facts }: LintContext): RangeVar =>
  facts?.searchPath[0] === schemaname ? { relname } : { relname, schemaname }
