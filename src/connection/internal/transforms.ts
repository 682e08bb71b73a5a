/** The part of a longer list of options that says how names and JSON change. */
import type { Transforms } from "./client.ts"

export const transformsOf = ({ transformJson, transformQueryNames, transformResultNames }: Transforms): Transforms => ({
  ...(transformJson !== undefined && { transformJson }),
  ...(transformQueryNames !== undefined && { transformQueryNames }),
  ...(transformResultNames !== undefined && { transformResultNames })
})
