import { apart } from "../fixes.ts"
import { derived, nameOf, spell } from "../names.ts"
import { type Command, storedCommandsOf, constraintOf, keyColumns } from "../nodes.ts"
import { isProved } from "../proofs.ts"
import type { LintContext, Rule } from "../rule.ts"

export const setNotNull: Rule = {
  name: "set-not-null",
  reason:
    "SET NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads too, unless a validated CHECK says already that there is no NULL.",
  check: (statement, context) =>
    storedCommandsOf(statement).flatMap((command) => {
      const { at, relation } = command
      const column = columnIn(command)
      if (column === undefined || context.isNew(relation)) return []
      if (isProved(context, statement, relation, column)) return []
      const message = `SET NOT NULL of ${spell(column)} reads all of ${nameOf(relation)} while nobody else can`
      return [{ at, message, fix: fixFor(command, column, context) }]
    })
}

/** PostgreSQL 18 can add it as a constraint, too. */
const columnIn = ({ body }: Command): string | undefined => {
  if (body.subtype === "AT_SetNotNull") return body.name
  const constraint = constraintOf(body)
  return constraint?.contype === "CONSTR_NOTNULL" && constraint.skip_validation !== true
    ? keyColumns(constraint)[0]
    : undefined
}

const fixFor = ({ relation }: Command, column: string, { facts }: LintContext): string => {
  const [table, name] = [nameOf(relation), spell(derived(relation?.relname ?? "", column, "not_null"))]
  if (facts !== undefined && facts.serverVersion >= 180_000) {
    return apart(
      `ALTER TABLE ${table} ADD CONSTRAINT ${name} NOT NULL ${spell(column)} NOT VALID;`,
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`
    )
  }
  return apart(
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${spell(column)} IS NOT NULL) NOT VALID;`,
    `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
    `ALTER TABLE ${table} ALTER COLUMN ${spell(column)} SET NOT NULL;`,
    `ALTER TABLE ${table} DROP CONSTRAINT ${name};`
  )
}
