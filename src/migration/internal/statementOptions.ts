/** The options of a statement in PostgreSQL's parse tree, such as `CONCURRENTLY` in parentheses. */
import type { Node } from "libpg-query"

/** The name of an option such as `concurrently`, and its value if that is a word or a number. */
export const optionsOf = (options: ReadonlyArray<Node> | undefined): ReadonlyMap<string, string> =>
  new Map(
    (options ?? []).flatMap((option) =>
      "DefElem" in option ? [[option.DefElem.defname ?? "", valueOf(option.DefElem.arg)] as const] : []
    )
  )

/** An option without a value is on. */
export const isOn = (value: string | undefined): boolean => value !== undefined && !/^(?:false|off|0|no)$/iu.test(value)

const valueOf = (node: Node | undefined): string => {
  if (node === undefined) return ""
  if ("String" in node) return node.String.sval ?? ""
  if ("Integer" in node) return String(node.Integer.ival ?? 0)
  if ("Boolean" in node) return String(node.Boolean.boolval ?? false)
  return ""
}
