/** `1 table`, `2 tables`. */
export const count = (items: ReadonlyArray<unknown>, one: string, several = `${one}s`): string =>
  `${items.length} ${items.length === 1 ? one : several}`
