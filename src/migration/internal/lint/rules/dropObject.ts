import { afterwards } from "../contract.ts"
import { relationOf, spell } from "../names.ts"
import { droppedBy, isMadeAfter, isMadeBefore, type ObjectName, wordOf } from "../objects.ts"
import type { LintContext, LintStatement, Rule } from "../rule.ts"

export const dropObject: Rule = {
  name: "drop-object",
  reason: "Statements of what runs at the moment that call it, cast to it or rely on what it does fail, or do less.",
  check: (statement, context) =>
    droppedBy(statement.node).flatMap((dropped) => {
      if (others.has(dropped.kind) || isNobodys(statement, context, dropped)) return []
      const word = wordOf(dropped.kind)
      const name = ofTable.has(dropped.kind)
        ? `${spell(dropped.parts.at(-1))} ON ${spell(...dropped.parts.slice(0, -1))}`
        : spell(...dropped.parts)
      return [
        {
          message: `drops the ${word} ${name}`,
          fix: afterwards("drop-object", `nothing relies on ${name}`, statement.text)
        }
      ]
    })
}

/** What has a rule of its own, and indexes and statistics, which change no result. */
const others = new Set([
  "OBJECT_TABLE",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_SCHEMA",
  "OBJECT_POLICY",
  "OBJECT_INDEX",
  "OBJECT_STATISTIC_EXT"
])

const ofTable = new Set(["OBJECT_TRIGGER", "OBJECT_RULE"])

const functions = new Set(["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"])

/** Made by this migration, or made again by it; functions that it makes again are another rule's. */
const isNobodys = (statement: LintStatement, context: LintContext, dropped: ObjectName): boolean => {
  if (isMadeBefore(statement, context, dropped)) return true
  if (ofTable.has(dropped.kind) && context.isNew(relationOf(dropped.parts.slice(0, -1)))) return true
  const isReplaced = ofTable.has(dropped.kind) || functions.has(dropped.kind)
  return isReplaced && isMadeAfter(statement, context, dropped)
}
