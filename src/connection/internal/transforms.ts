/** How names and JSON change between the database and the program; as in `PgClientConfig`. */
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
