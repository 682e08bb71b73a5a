/** What a diagram is made of. */
import { sayWrong, wrongOption } from "../../../config/internal/options.ts"
import * as Rule from "../../../config/internal/rules.ts"
import type { Rules } from "../../../config/internal/rules.ts"

export interface DiagramOptions {
  /** Patterns of schemas (`*` any characters, `?` one): their tables are shown. Default: those of all schemas. */
  readonly schemas?: ReadonlyArray<string> | undefined
  /** Patterns of tables that are shown, of `schema.table` where they have a dot. Default: all tables. */
  readonly tables?: ReadonlyArray<string> | undefined
  /** `keys` shows the columns of keys and foreign keys only. Default: `all`. */
  readonly columns?: "all" | "keys" | undefined
  /** What stands above it. Default: nothing in Mermaid, and `Schema` in SVG. */
  readonly title?: string | undefined
}

const patterns: Rule.Rule = { accepted: `patterns such as ["app*"]`, problem: Rule.listOf(Rule.text) }

const rules: Rules<DiagramOptions> = {
  schemas: patterns,
  tables: patterns,
  columns: {
    accepted: `"all" or "keys"`,
    problem: (value) =>
      value === "all" || value === "keys" ? undefined : Rule.isText(value) ? "neither" : Rule.kindOf(value)
  },
  title: Rule.anyText
}

/** Throws where the options are wrong, which is a bug: there is no effect to fail. */
export const requireOptions = (of: string, options: DiagramOptions): void => {
  const wrong = wrongOption(options, { of, rules, example: `{ schemas: ["app"] }` })
  if (wrong !== undefined) throw new Error(sayWrong(of, wrong))
}
