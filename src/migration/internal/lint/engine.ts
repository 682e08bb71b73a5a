/**
 * Holds a migration to the rules. A file that cannot be split has one finding,
 * and no other can be made of it.
 */
import * as Effect from "effect/Effect"
import { columnAt, lineAt, type ParsedScript, read, type SplitFailure } from "../splitter.ts"
import { type Allowance, type Allowances, allowancesOf } from "./allow.ts"
import { type Renamed, tracking } from "./created.ts"
import type { RelationFacts } from "../../../catalog/RelationFacts.ts"
import { domainsIn } from "./domains.ts"
import { advice } from "./fixes.ts"
import { isAtLeast, type Lock } from "./lockModes.ts"
import { lockedBy } from "./locks.ts"
import { nameOf } from "./names.ts"
import type { LintContext, LintStatement, Problem } from "./rule.ts"
import { rules } from "./rules.ts"
import type { SearchPath } from "./searchPath.ts"
import { trimmed } from "./source.ts"

export interface Finding {
  /** The name by which a comment allows it. */
  readonly rule: string
  readonly file: string
  /** Where it is in the file, counted from 1; the column in UTF-16 units, as editors do. */
  readonly line: number
  readonly column: number
  /** What this statement does. */
  readonly message: string
  /** Why that is dangerous. */
  readonly reason: string
  /** What to write instead. */
  readonly fix: string
}

export interface LintInput {
  /** As findings call it. */
  readonly file: string
  readonly text: string
}

/** What is around a migration. */
export interface Surroundings {
  /** What the database knows. Default: nothing. */
  readonly facts?: RelationFacts | undefined
  /** Where migrations are run. Default: what the database says, or `public`. */
  readonly searchPath?: SearchPath | undefined
  /** Rules that are not asked, by name. Default: none. */
  readonly off?: ReadonlyArray<string> | undefined
}

/** What the engine itself finds, beside the rules. */
export const own = {
  syntax: {
    name: "syntax",
    reason:
      "PostgreSQL's parser does not take the file, or the migrator does not run it: no migration of this run would."
  },
  allowInvalid: {
    name: "allow-invalid",
    reason: "The comment was meant to allow something, and allows nothing."
  },
  allowUnused: {
    name: "allow-unused",
    reason: "What it allowed is gone, and it would hide the next one without anybody having thought of it."
  }
} as const

/** A file that has been split, or why it could not be. */
export interface Opened {
  readonly file: string
  readonly script: ParsedScript | SplitFailure
}

export const open = ({ file, text }: LintInput): Effect.Effect<Opened> =>
  Effect.match(read(text), {
    onSuccess: (script) => ({ file, script }),
    onFailure: (failure) => ({ file, script: failure })
  })

export const isScript = (script: Opened["script"]): script is ParsedScript => !("_tag" in script)

export const lint = (input: LintInput, around: Surroundings = {}): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.map(open(input), (opened) => findingsIn(opened, around))

/** In the order in which they stand in the file. */
export const findingsIn = ({ file, script }: Opened, around: Surroundings): ReadonlyArray<Finding> =>
  isScript(script) ? findingsOf(file, script, around) : [syntaxFinding(file, script)]

const findingsOf = (file: string, script: ParsedScript, around: Surroundings): ReadonlyArray<Finding> => {
  const { off = [] } = around
  const asked = rules.filter(({ name }) => !off.includes(name))
  const allowances = allowancesOf(script.sql, script.statements)
  const found: Array<Found> = []
  eachStatement(script, around, (statement, context) => {
    const start = script.statements[statement.index]?.start ?? 0
    for (const rule of asked) {
      for (const problem of rule.check(statement, context)) {
        const place = placeAt(file, script.sql, start + (problem.at ?? 0))
        found.push({ finding: finding(rule, place, problem), statement: statement.index })
      }
    }
  })
  const used = new Set<object>()
  const left = found.filter(({ finding, statement: of }) => {
    const by = allowances.allowed.filter(({ rule, statement = of }) => rule === finding.rule && statement === of)
    for (const allowance of by) used.add(allowance)
    return by.length === 0
  })
  const comments = ofComments(file, script.sql, allowances, (one) => used.has(one) || off.includes(one.rule))
  return [...left.map(({ finding }) => finding), ...comments].toSorted(byPlace)
}

interface Found {
  readonly finding: Finding
  readonly statement: number
}

interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

const placeAt = (file: string, sql: string, at: number): Place => ({
  file,
  line: lineAt(sql, at),
  column: columnAt(sql, at)
})

const finding = (
  { name, reason }: { readonly name: string; readonly reason: string },
  place: Place,
  { fix, message }: Omit<Problem, "at">
): Finding => ({ rule: name, ...place, message, reason, fix })

const byPlace = (a: Finding, b: Finding): number => a.line - b.line || a.column - b.column

const ofComments = (
  file: string,
  sql: string,
  { allowed, broken }: Allowances,
  isUsed: (allowance: Allowance) => boolean
): ReadonlyArray<Finding> => [
  ...broken.map(({ fix, problem, start }) =>
    finding(own.allowInvalid, placeAt(file, sql, start), {
      message: `this comment allows nothing: ${problem}`,
      fix: advice(fix)
    })
  ),
  ...allowed
    .filter((allowance) => !isUsed(allowance))
    .map(({ rule, start, statement }) => {
      const message = `${rule} has nothing against ${statement === undefined ? "this file" : "the statement that it is for"}`
      return finding(own.allowUnused, placeAt(file, sql, start), {
        message,
        fix: advice(`remove ${rule} from the comment`)
      })
    })
]

const syntaxFinding = (file: string, failure: SplitFailure): Finding => {
  if (failure._tag === "Syntax") {
    const { column, line, message } = failure
    return finding(
      own.syntax,
      { file, line, column },
      { message, fix: advice("correct it; nothing of the file was looked at") }
    )
  }
  const { column, line, problem, statement } = failure
  return finding(own.syntax, { file, line, column }, { message: `${statement} is not run`, fix: advice(problem) })
}

/** In the order in which they run; a context holds until the next statement. */
export const eachStatement = (
  script: ParsedScript,
  { facts, searchPath = facts?.searchPath ?? ["public"] }: Surroundings,
  look: (statement: LintStatement, context: LintContext) => void
): void => {
  const created = tracking(searchPath, facts)
  const domains = domainsIn(facts)
  const held = new Map<string, Lock>()
  const { directives, indexOf } = script
  const statements = script.statements.map(({ node, start, text }, index): LintStatement => {
    const placeOf = (location = 0) => Math.max(0, indexOf(location) - start)
    return { node, text: trimmed(text), index, placeOf }
  })
  const context: LintContext = {
    statements,
    directives,
    transaction: directives.transaction && script.statements.every(({ alone }) => alone === undefined),
    facts,
    table: created.table,
    held,
    isNew: created.has,
    keyOf: created.keyOf,
    isConstrained: domains.isConstrained
  }
  for (const statement of statements) {
    look(statement, context)
    if (context.transaction) hold(held, lockedBy(statement, context))
    domains.note(statement.node)
    const renamed = created.note(statement.node)
    if (renamed !== undefined) follow(held, renamed)
  }
}

const hold = (held: Map<string, Lock>, locks: ReadonlyMap<string, Lock>): void => {
  for (const [key, lock] of locks) {
    const before = held.get(key)
    if (before === undefined || isAtLeast(lock.mode, before.mode)) held.set(key, lock)
  }
}

/** A lock is on the relation, whatever it is called. */
const follow = (held: Map<string, Lock>, { from, relation, to }: Renamed): void => {
  const lock = held.get(from)
  held.delete(from)
  if (lock !== undefined) held.set(to, { ...lock, relation: nameOf(relation) })
}
