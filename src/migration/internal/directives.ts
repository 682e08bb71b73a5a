/**
 * What a file of SQL says about how it wants to be run, in comments of its own:
 *
 * - `-- pgkeel:no-transaction`, or dbmate's `-- migrate:up transaction:false`
 * - `-- pgkeel:lock-timeout 5s`
 * - `-- pgkeel:statement-timeout 10min`
 * - `-- pgkeel:allow <rule>: <why>`, which lint reads (lint/allow.ts)
 *
 * A misspelt one, or one between slashes and asterisks, would change how a
 * migration runs without anybody noticing, and is refused.
 */
import * as Duration from "effect/Duration"
import type { Refusal } from "./refusal.ts"
import { piecesOf } from "./quoting.ts"

export interface Directives {
  /** Whether all statements share one transaction with the row of the history. */
  readonly transaction: boolean
  /** In place of the migrator's own. */
  readonly lockTimeout?: Duration.Duration
  readonly statementTimeout?: Duration.Duration
}

/** A directive that cannot be understood, and where it is. */
export interface DirectiveFailure extends Refusal {
  readonly index: number
}

const none: Directives = { transaction: true }

export const directivesOf = (sql: string): Directives | DirectiveFailure => {
  if (!/(?:--[ \t]*|\/\*[*\s]*)(?:pgkeel|migrate)\s*:/iu.test(sql)) return none
  let found = none
  for (const { _tag, end, start } of piecesOf(sql)) {
    const [inBlock, said = ""] = _tag === "BlockComment" ? (block.exec(sql.slice(start, end)) ?? []) : []
    if (inBlock !== undefined) {
      const problem = `it stands in /* */, where none is read; write \`-- pgkeel:${said.trim()}\` on a line of its own`
      return { ...refuse(inBlock, problem), index: start }
    }
    if (_tag !== "LineComment") continue
    const read = directiveOf(sql.slice(start, end))
    if (read === undefined) continue
    if ("problem" in read) return { ...read, index: start }
    const twice = Object.keys(read).find((key) => key !== "transaction" && key in found)
    if (twice !== undefined) return { ...refuse(sql.slice(start, end), "it is there twice; remove one"), index: start }
    found = { ...found, ...read }
  }
  return found
}

/** What allows something to lint is lint's own to find here. */
const block = /^\/\*[*\s]*pgkeel[ \t]*:(?![ \t]*allow)[ \t]*((?:(?!\*\/)[^\n])*)/iu

const directiveOf = (comment: string): Partial<Directives> | Refusal | undefined => {
  const [, marked] = /^--[ \t]*migrate:(?:up|down)(?![\w-])(.*)$/u.exec(comment) ?? []
  if (marked !== undefined) return sectionOptions(comment, marked.trim())
  const [, name, rest = ""] = /^--[ \t]*pgkeel[ \t]*:[ \t]*([^\s:]*)[\s:=]*(.*)$/iu.exec(comment) ?? []
  if (name === undefined) return undefined
  const value = rest.trim()
  switch (name) {
    case "no-transaction":
      return value === "" ? { transaction: false } : refuse(comment, "it has no value; remove what follows it")
    case "lock-timeout":
    case "statement-timeout":
      return timeout(comment, name, value)
    case "allow":
    case "allow-file":
      // They speak to lint, which says what is wrong with them: how a file runs does not depend on it.
      return {}
    default:
      return refuse(comment, meant(name))
  }
}

const sectionOptions = (comment: string, options: string): Partial<Directives> | Refusal => {
  if (options === "" || options === "transaction:true") return {}
  if (options === "transaction:false") return { transaction: false }
  return refuse(comment, "the only option of a section is `transaction:false`; write that, or remove it")
}

const units: Readonly<Record<string, (value: number) => Duration.Duration>> = {
  ms: Duration.millis,
  s: Duration.seconds,
  min: Duration.minutes,
  h: Duration.hours
}

const timeout = (
  comment: string,
  name: "lock-timeout" | "statement-timeout",
  value: string
): Partial<Directives> | Refusal => {
  const [, number, unit = ""] = /^(\d{1,6})[ \t]*(ms|s|min|h)$/u.exec(value) ?? []
  const duration = number === undefined ? undefined : units[unit]?.(Number(number))
  if (duration === undefined) {
    return refuse(comment, `write a number and ms, s, min or h, such as \`-- pgkeel:${name} 30s\``)
  }
  return name === "lock-timeout" ? { lockTimeout: duration } : { statementTimeout: duration }
}

const known = [
  ["no-transaction", /transaction/iu],
  ["lock-timeout", /lock/iu],
  ["statement-timeout", /statement|stmt/iu],
  ["allow", /allow|ignore|disable/iu]
] as const

const meant = (name: string): string => {
  const likely = known.find(([, word]) => word.test(name))?.[0]
  const all = known.map(([directive]) => directive)
  return likely === undefined ? `there are ${all.join(", ")}; write one of them` : `write \`-- pgkeel:${likely}\``
}

const refuse = (comment: string, problem: string): Refusal => ({
  statement: `the directive ${comment.replace(/^(?:--|\/\*)[*\s]*/u, "").trim()}`,
  problem
})
