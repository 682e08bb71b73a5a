/**
 * What the statements of a migration say of a table. A file may have thousands of
 * both (a dump that is taken over), so that it is gone through once and not for
 * each table.
 */
import type { RangeVar } from "libpg-query"
import type { LintContext, LintStatement } from "./rule.ts"

export interface Said<A> {
  readonly relation: RangeVar | undefined
  readonly what: A
}

export const byTable = <A>(
  read: (statement: LintStatement) => ReadonlyArray<Said<A>>
): ((context: LintContext, table: RangeVar | undefined) => ReadonlyArray<A>) => {
  const known = new WeakMap<ReadonlyArray<LintStatement>, Map<string, Array<Said<A>>>>()
  return ({ keyOf, statements }, table) => {
    const all =
      known.get(statements) ?? Map.groupBy(statements.flatMap(read), ({ relation }) => relation?.relname ?? "")
    known.set(statements, all)
    const said = all.get(table?.relname ?? "") ?? []
    return said.flatMap(({ relation, what }) => (keyOf(relation) === keyOf(table) ? [what] : []))
  }
}
