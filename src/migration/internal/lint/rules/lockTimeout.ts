import * as Duration from "effect/Duration"
import type { Node } from "libpg-query"
import { advice } from "../fixes.ts"
import { constantOf, nodesIn, type Of } from "../nodes.ts"
import type { Problem, Rule } from "../rule.ts"

/** Beyond this, whoever comes behind a migration that waits for its lock has given up. */
const patience = Duration.seconds(10)

export const lockTimeout: Rule = {
  name: "lock-timeout",
  reason:
    "While a statement waits for its lock, all that come after it wait too. The migrator gives each 2 seconds and tries the migration again later; without a limit, one long query stops the application.",
  check: ({ index, node }, { directives }) => {
    const wanted = index === 0 ? directives.lockTimeout : undefined
    const directive =
      wanted === undefined || !Duration.isGreaterThan(wanted, patience) ? [] : [problem(Duration.format(wanted))]
    const value = setTo(node)
    return value === undefined || isShort(value) ? directive : [...directive, problem(value)]
  }
}

const problem = (value: string): Problem => ({
  message: `lock_timeout is ${value === "0" || value === "" ? "switched off" : value}, so that everybody may wait behind this migration`,
  fix: advice("leave it out, or give less than 10 seconds: a migration that did not get its lock is tried again")
})

/** What a statement sets it to, and \`""\` for the server's default, which is no limit. */
const setTo = (node: Node): string | undefined => {
  if ("VariableSetStmt" in node) return ofSet(node.VariableSetStmt)
  if (!("SelectStmt" in node)) return undefined
  for (const { args = [], funcname } of nodesIn(node, "FuncCall")) {
    const name = funcname?.at(-1)
    if (name === undefined || !("String" in name) || name.String.sval !== "set_config") continue
    if (constant(args[0]) === "lock_timeout") return constant(args[1])
  }
  return undefined
}

const ofSet = ({ args = [], kind, name }: Of<"VariableSetStmt">): string | undefined => {
  if (kind === "VAR_RESET_ALL") return ""
  if (name !== "lock_timeout") return undefined
  return kind === "VAR_SET_VALUE" ? constant(args[0]) : ""
}

const constant = (node: Node | undefined): string | undefined =>
  node !== undefined && "A_Const" in node ? constantOf(node.A_Const) : undefined

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

const isShort = (value: string): boolean => {
  const [, number = "0", unit = "ms"] = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/u.exec(value) ?? []
  const millis = Number(number) * (units[unit] ?? 1)
  return millis > 0 && millis <= Duration.toMillis(patience)
}
