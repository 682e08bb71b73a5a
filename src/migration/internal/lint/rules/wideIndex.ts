import { advice } from "../fixes.ts"
import { nameOf, spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const wideIndex: Rule = {
  name: "wide-index",
  reason:
    "Each column of an index is written again with each row, and columns behind the third seldom make a search narrower: only a unique index needs all that it has.",
  check: ({ node }) => {
    if (!("IndexStmt" in node)) return []
    const { accessMethod = "btree", idxname, indexParams = [], relation, unique } = node.IndexStmt
    if (unique === true || indexParams.length <= 3 || accessMethod === "brin" || accessMethod === "bloom") return []
    const names = indexParams.map((param) => ("IndexElem" in param ? spell(param.IndexElem.name ?? "(...)") : ""))
    const [key, rest] = [names.slice(0, 3).join(", "), names.slice(3).join(", ")]
    return [
      {
        message: `${idxname === undefined ? "an index" : spell(idxname)} of ${nameOf(relation)} has ${names.length} columns`,
        fix: advice(
          `ON ${nameOf(relation)} (${key}), those first that are compared with =;`,
          `and if a query reads nothing else: INCLUDE (${rest})`
        )
      }
    ]
  }
}
