/** How large the box of each table is, and where its rows are. */
import { textWidth } from "./metrics.ts"
import type { Entity, Field, Model } from "./model.ts"
import { marksOf, titleOf } from "./model.ts"
import { printable } from "./xml.ts"

/** Everything stands on a grid of this many pixels, so that lines can pass between the rows of two neighbours. */
export const grid = 12
export const rowHeight = 2 * grid
export const headerHeight = 3 * grid
const sidePadding = 10
export const fontSize = 12
export const titleSize = 13
export const badgeSize = 9
export const badgeWidth = 22
export const badgeGap = 3
/** Between the brackets of two keys of several columns. */
export const bracketGap = 4
const columnGap = 18

export interface Box {
  readonly entity: Entity
  readonly title: readonly [schema: string, name: string]
  readonly width: number
  readonly height: number
  /** Between its sides and what stands in it. */
  readonly padding: number
  /** Where the names begin, from the left side: behind the widest marks. */
  readonly nameStart: number
  x: number
  y: number
}

/** A column's type, and whether it may be NULL, in SQL's own words. */
export const typeText = ({ nullable, type }: Field): string => (nullable ? `${type} null` : type)

const widest = (widths: ReadonlyArray<number>): number => widths.reduce((most, width) => Math.max(most, width), 0)

/** The keys of several columns that lead to or from each table: each has a bracket of its own. */
const wideKeysOf = ({ relations }: Model): ReadonlyMap<Entity, ReadonlySet<string>> => {
  const keys = new Map<Entity, Set<string>>()
  const add = (entity: Entity, columns: ReadonlyArray<string>): void => {
    keys.set(entity, (keys.get(entity) ?? new Set()).add(JSON.stringify(columns)))
  }
  for (const { columns, from, referenced, to } of relations) {
    if (columns.length < 2) continue
    add(from, columns)
    add(to, referenced)
  }
  return keys
}

const boxOf = (model: Model, entity: Entity, brackets: number): Box => {
  const title = titleOf(model, entity)
  const { fields } = entity
  const padding = sidePadding + bracketGap * Math.max(0, brackets - 1)
  const badges = widest(fields.map((field) => marksOf(field).length))
  const nameStart = padding + badges * (badgeWidth + badgeGap) + (badges > 0 ? 4 : 0)
  const names = widest(fields.map(({ name }) => textWidth(printable(name), fontSize)))
  const types = widest(fields.map((field) => textWidth(printable(typeText(field)), fontSize)))
  const rows = fields.length === 0 ? 0 : nameStart + names + columnGap + types + padding
  const width = Math.max(rows, textWidth(printable(title.join("")), titleSize) + 2 * padding + 4, 120)
  return {
    entity,
    title,
    width: Math.ceil(width),
    height: headerHeight + Math.max(fields.length, 1) * rowHeight - (fields.length === 0 ? grid : 0),
    padding,
    nameStart,
    x: 0,
    y: 0
  }
}

export const boxesOf = (model: Model): ReadonlyArray<Box> => {
  const keys = wideKeysOf(model)
  return model.entities.map((entity) => boxOf(model, entity, keys.get(entity)?.size ?? 0))
}

/** The top of a column's row, from the top of the box; of the header for a column that is not shown. */
export const rowTop = ({ entity }: Box, column: string | undefined): number => {
  const row = entity.fields.findIndex(({ name }) => name === column)
  return row < 0 ? grid : headerHeight + row * rowHeight
}
