/**
 * What a rule of lint is: one small file that exports one value of `Rule`, and a
 * row in the table of rules.ts. A rule looks at one statement at a time and knows
 * what stands around it. It does not ask whether its finding is allowed: the
 * engine does (allow.ts).
 */
import type { Node, RangeVar, TypeName } from "libpg-query"
import type { Directives } from "../directives.ts"
import type { Lock } from "./lockModes.ts"
import type { RelationFacts, TableFacts } from "../../../catalog/RelationFacts.ts"

export interface Rule {
  /** In kebab case, as comments name it to allow it. */
  readonly name: string
  /** What goes wrong, for whoever runs the application. One or two sentences, which the README shows. */
  readonly reason: string
  readonly check: (statement: LintStatement, context: LintContext) => ReadonlyArray<Problem>
}

/** What a rule has against a statement. */
export interface Problem {
  /** What this statement does, with its names. */
  readonly message: string
  /**
   * What to write in its place, with the same names: SQL with comments, so that
   * it can be held to the rules again. It is a file of its own where it begins
   * with `-- pgkeel:no-transaction`.
   */
  readonly fix: string
  /** Where in the statement's text. Default: its beginning. */
  readonly at?: number | undefined
}

export interface LintStatement {
  readonly node: Node
  /** As the file has it, without comments behind it. */
  readonly text: string
  /** Which one of `context.statements` it is. */
  readonly index: number
  /** Where in `text` a place of the parser's is (`location` of a node, where 0 is left out). */
  readonly placeOf: (location: number | undefined) => number
}

/** A statement in its migration. What is said of relations holds before the statement has run. */
export interface LintContext {
  readonly statements: ReadonlyArray<LintStatement>
  readonly directives: Directives
  /** Whether all statements of the migration share one transaction. */
  readonly transaction: boolean
  /** The locks that earlier statements have taken and that are held until the transaction ends, by `keyOf`. */
  readonly held: ReadonlyMap<string, Lock>
  /**
   * Whether this migration has made the relation: nobody uses it yet, and it has no rows but this migration's. That
   * the database at hand has no rows in it, or no such relation, says nothing of the one that the migration is for.
   */
  readonly isNew: (relation: RangeVar | undefined) => boolean
  /** What a relation is called to tell it from others: the same with its schema or without. */
  readonly keyOf: (relation: RangeVar | undefined) => string
  /** What the database knows of a table, as the migration has changed it; `undefined` also without a database. */
  readonly table: (relation: RangeVar | undefined) => TableFacts | undefined
  /** Whether a type is a domain that is known to have constraints. */
  readonly isConstrained: (type: TypeName | undefined) => boolean
  /** What the database knows, if there is one. */
  readonly facts: RelationFacts | undefined
}
