import { advice } from "../fixes.ts"
import { objectName, spell } from "../names.ts"
import { isMadeBefore, relationParts, wordOf } from "../objects.ts"
import type { Rule } from "../rule.ts"

export const renameObject: Rule = {
  name: "rename-object",
  reason: "Calls, casts and nextval() name the object as it was: they fail from the commit on.",
  check: (statement, context) => {
    if (!("RenameStmt" in statement.node)) return []
    const { newname = "", object, relation, renameType: kind = "", subname } = statement.node.RenameStmt
    const instead = named[kind]
    if (instead === undefined) return []
    const parts =
      object !== undefined ? objectName(object) : subname === undefined ? relationParts(relation) : [subname]
    if (context.isNew(relation) || isMadeBefore(statement, context, { kind, parts })) return []
    const [before, after] = [spell(...parts), spell(...parts.slice(0, -1), newname)]
    return [
      { message: `${wordOf(kind)} ${before} is called ${after} from here on`, fix: advice(instead(before, after)) }
    ]
  }
}

type Advice = (before: string, after: string) => string

const beside =
  (create: string): Advice =>
  (before, after) =>
    `CREATE ${create} ${after} beside ${before}, and drop ${before} when nothing calls it any more`

const kept: Advice = (before) => `keep the name ${before}: two types cannot stand in for each other`

/** Kinds that statements name. Indexes, triggers, policies and rules are named by migrations only. */
const named: Readonly<Record<string, Advice>> = {
  OBJECT_FUNCTION: beside("FUNCTION"),
  OBJECT_PROCEDURE: beside("PROCEDURE"),
  OBJECT_ROUTINE: beside("FUNCTION"),
  OBJECT_AGGREGATE: beside("AGGREGATE"),
  OBJECT_TYPE: kept,
  OBJECT_DOMAIN: kept,
  OBJECT_SEQUENCE: (before, after) =>
    `keep the name ${before}, or make ${after} start far behind it with CREATE SEQUENCE ${after} START WITH <number>`,
  OBJECT_COLLATION: beside("COLLATION"),
  OBJECT_DATABASE: (before) => `keep the name ${before}: every application connects to it by its name`,
  OBJECT_ROLE: (before, after) => `CREATE ROLE ${after} IN ROLE ${before}, and give the application its login`
}
