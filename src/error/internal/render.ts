/**
 * A failure for the eyes of whoever wrote the statement: its message, and the
 * place in the statement that the server points to.
 *
 * It shows the statement's text, literals included. For a log there is the
 * message, for a user the translation.
 */
import type { Reason } from "../Reason.ts"
import { excerpt } from "./excerpt.ts"
import { withoutStop } from "./wording.ts"

export const render = (reason: Reason): string => {
  const last = reason._tag === "RetriesExhausted" ? reason.last : reason
  const hint = "hint" in last ? last.hint : undefined
  return [
    `${reason.code} ${reason._tag}: ${reason.message}`,
    pointed(last),
    hint === undefined || reason.message.includes(withoutStop(hint)) ? undefined : `hint: ${hint}`
  ]
    .filter((part) => part !== undefined)
    .join("\n\n")
}

/** A function's own query is pointed into where the failure is inside of one. */
const pointed = (reason: Reason): string | undefined => {
  if (!("position" in reason || "internalQuery" in reason)) return undefined
  const { internalPosition, internalQuery, position, statement } = reason
  if (statement !== undefined && position !== undefined) return excerpt(statement, position)
  if (internalQuery === undefined || internalPosition === undefined) return undefined
  const shown = excerpt(internalQuery, internalPosition)
  return shown === undefined ? undefined : `in a function's query:\n${shown}`
}
