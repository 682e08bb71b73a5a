import { standIn, steps } from "../contract.ts"
import { advice } from "../fixes.ts"
import { objectName, spell } from "../names.ts"
import { isMadeBefore, relationParts, wordOf } from "../objects.ts"
import type { Rule } from "../rule.ts"
import { isStoodInFor } from "./renameTable.ts"

export const moveSchema: Rule = {
  name: "move-schema",
  reason: "Statements that name the object with its schema, or find it by their search_path, fail from the commit on.",
  check: (statement, context) => {
    if (!("AlterObjectSchemaStmt" in statement.node)) return []
    const { newschema = "", object, objectType: kind = "", relation } = statement.node.AlterObjectSchemaStmt
    const parts = object === undefined ? relationParts(relation) : objectName(object)
    if (context.isNew(relation) || isMadeBefore(statement, context, { kind, parts })) return []
    if (isStoodInFor(statement, context, relation)) return []
    const [before, after] = [spell(...parts), spell(newschema, parts.at(-1))]
    const isRelation = /TABLE|VIEW/u.test(kind)
    return [
      {
        message: `${wordOf(kind)} ${before} is found as ${after} only, from here on`,
        fix: isRelation
          ? steps(`${statement.text};`, standIn(before, after, context))
          : advice(`make ${after} beside ${before}, and drop ${before} when nothing names it any more`)
      }
    ]
  }
}
