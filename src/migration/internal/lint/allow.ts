/**
 * Comments that allow what a rule is against, each with the reason why it is safe
 * here:
 *
 * - `-- pgkeel:allow <rule>: <why>` before or in a statement, or behind it on the
 *   line where it ends, allows it to that statement;
 * - `-- pgkeel:allow-file <rule>: <why>` allows it to the whole file.
 *
 * Several rules are separated by commas. A comment without a reason, for a rule that does
 * not exist, or that nothing needs, is itself a finding: it would hide the next
 * mistake.
 */
import { didYouMean } from "../../../config/internal/nearest.ts"
import { piecesOf } from "../quoting.ts"
import type { ParsedStatement } from "../splitter.ts"
import { ruleNames } from "./rules.ts"

export interface Allowance {
  readonly rule: string
  /** The statement that it is for; `undefined` of a whole file. */
  readonly statement: number | undefined
  /** Where the comment is. */
  readonly start: number
}

/** A comment that allows nothing, and what is wrong with it. */
export interface BrokenAllowance {
  readonly start: number
  readonly problem: string
  readonly fix: string
}

export interface Allowances {
  readonly allowed: ReadonlyArray<Allowance>
  readonly broken: ReadonlyArray<BrokenAllowance>
}

export const allowancesOf = (sql: string, statements: ReadonlyArray<ParsedStatement>): Allowances => {
  const allowed: Array<Allowance> = []
  const broken: Array<BrokenAllowance> = []
  if (!/(?:--[ \t]*|\/\*\s*)pgkeel[ \t]*:[ \t]*allow/iu.test(sql)) return { allowed, broken }
  for (const { _tag, end, start } of piecesOf(sql)) {
    if (_tag === "BlockComment" && block.test(sql.slice(start, end))) broken.push({ start, ...inBlock })
    const comment = _tag === "LineComment" ? form.exec(sql.slice(start, end)) : null
    if (comment === null) continue
    const [, file, names = "", why = ""] = comment
    const rules = names.split(",").map((name) => name.trim())
    const statement = file === undefined ? statementOf(sql, statements, start) : undefined
    const problem = problemOf(rules, why) ?? (file === undefined && statement === undefined ? nothing : undefined)
    if (problem === undefined) allowed.push(...rules.map((rule) => ({ rule, statement, start })))
    else broken.push({ start, ...problem })
  }
  return { allowed, broken }
}

const form = /^--[ \t]*pgkeel[ \t]*:[ \t]*allow(-file)?(?![\w-])[ \t]*([^:]*):?(.*)$/iu

const block = /^\/\*\s*pgkeel[ \t]*:[ \t]*allow/iu

const inBlock = { problem: "it stands in /* */", fix: "write it behind -- on a line" }

const problemOf = (rules: ReadonlyArray<string>, why: string) => {
  const unknown = rules.find((rule) => !ruleNames.includes(rule))
  if (unknown === "")
    return { problem: "it names no rule", fix: "write `-- pgkeel:allow <rule>: <why it is safe here>`" }
  if (unknown !== undefined) {
    const fix = didYouMean(unknown, ruleNames) ?? "write the name of the rule as its finding shows it"
    return { problem: `there is no rule ${unknown}`, fix }
  }
  return why.trim() === ""
    ? { problem: "it gives no reason", fix: `write \`-- pgkeel:allow ${rules.join(", ")}: <why it is safe here>\`` }
    : undefined
}

const nothing = { problem: "no statement follows it", fix: "put it before the statement that it is for, or remove it" }

const statementOf = (sql: string, statements: ReadonlyArray<ParsedStatement>, comment: number): number | undefined => {
  const next = statements.findIndex(({ start, text }) => start + text.length > comment)
  const follows = next === -1 ? undefined : next
  const isWithin = (statements[next]?.start ?? Infinity) < comment
  const last = (follows ?? statements.length) - 1
  const before = statements[last]
  if (isWithin || before === undefined) return follows
  const between = sql.slice(before.start + before.text.length, comment)
  return /^[ \t]*;?[ \t]*$/u.test(between) ? last : follows
}
