/** How names and JSON change between the database and the program; as in `PgClientConfig`. */
import * as Rule from "../../config/internal/rules.ts"
import type { Rules } from "../../config/internal/rules.ts"

export interface Transforms {
  readonly transformResultNames?: (name: string) => string
  readonly transformQueryNames?: (name: string) => string
  readonly transformJson?: boolean
}

/** That part of a longer list of options. */
export const transformsOf = ({ transformJson, transformQueryNames, transformResultNames }: Transforms): Transforms => ({
  ...(transformJson !== undefined && { transformJson }),
  ...(transformQueryNames !== undefined && { transformQueryNames }),
  ...(transformResultNames !== undefined && { transformResultNames })
})

const renaming: Rule.Rule = { accepted: "a function from a name to a name", problem: Rule.callable }

export const transformRules: Rules<Transforms> = {
  transformResultNames: renaming,
  transformQueryNames: renaming,
  transformJson: Rule.anyFlag
}
