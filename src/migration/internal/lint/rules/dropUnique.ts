import { afterwards } from "../contract.ts"
import type { AlterTableCmd, RangeVar } from "libpg-query"
import { nameOf, spell } from "../names.ts"
import { type Command, commandsOf, constraintOf } from "../nodes.ts"
import { droppedBy } from "../objects.ts"
import type { LintContext, LintStatement, Problem, Rule } from "../rule.ts"

export const dropUnique: Rule = {
  name: "drop-unique",
  reason:
    "INSERT ... ON CONFLICT (columns) fails without the unique index that it asks for, and what relied on it writes rows twice.",
  check: (statement, context) => [...ofConstraints(statement, context), ...ofIndexes(statement, context)]
}

const ofConstraints = (statement: LintStatement, context: LintContext): ReadonlyArray<Problem> => {
  const commands = commandsOf(statement)
  if (commands.some(addsUnique)) return []
  return commands.flatMap(({ at, body, relation }) => {
    if (body.subtype !== "AT_DropConstraint" || context.isNew(relation) || !isUnique(context, relation, body)) return []
    const [table, constraint] = [nameOf(relation), spell(body.name)]
    return [
      problem(at, `the constraint ${constraint} of ${table}`, `ALTER TABLE ${table} DROP CONSTRAINT ${constraint}`)
    ]
  })
}

const problem = (at: number, what: string, statement: string): Problem => ({
  at,
  message: `nothing keeps rows apart by ${what} any more`,
  fix: afterwards("drop-unique", `no running application has ON CONFLICT on it or relies on it`, statement)
})

/** In one statement one takes the other's place. */
const addsUnique = ({ body }: Command): boolean => {
  const kind = constraintOf(body)?.contype
  return kind === "CONSTR_UNIQUE" || kind === "CONSTR_PRIMARY"
}

/** As the database says, or by the name that PostgreSQL gives such a constraint. */
const isUnique = ({ table }: LintContext, relation: RangeVar | undefined, { name = "" }: AlterTableCmd): boolean => {
  const known = table(relation)
  if (known === undefined) return /_p?key\d*$/u.test(name)
  return known.constraints.some(
    (constraint) => constraint.name === name && /^(?:PRIMARY KEY|UNIQUE)/u.test(constraint.definition)
  )
}

const ofIndexes = ({ node, text }: LintStatement, { facts }: LintContext): ReadonlyArray<Problem> =>
  droppedBy(node).flatMap(({ kind, parts }) => {
    const index = kind === "OBJECT_INDEX" ? parts.at(-1) : undefined
    const known = facts?.tables.some(({ indexes }) => indexes.some(({ name, unique }) => unique && name === index))
    return known === true ? [problem(0, `the index ${spell(...parts)}`, text)] : []
  })
