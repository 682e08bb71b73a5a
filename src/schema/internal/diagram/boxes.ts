/** How large the box of each table is, and where its rows are. */
import { textWidth } from "./metrics.ts"
import type { Entity, Field, Model } from "./model.ts"
import { titleOf } from "./model.ts"
import { printable } from "./xml.ts"

/** Everything stands on a grid of this many pixels, so that lines can pass between the rows of two neighbours. */
export const grid = 12
export const rowHeight = 2 * grid
export const headerHeight = 3 * grid
export const padding = 10
export const fontSize = 12
export const titleSize = 13
export const badgeSize = 9
export const badgeWidth = 22
export const badgeGap = 3
const columnGap = 18

export interface Box {
  readonly entity: Entity
  readonly title: readonly [schema: string, name: string]
  readonly width: number
  readonly height: number
  /** Where the names begin, from the left side: behind the widest marks. */
  readonly nameStart: number
  x: number
  y: number
}

/** The marks of a column, as they are shown. */
export const badgesOf = ({ foreign, primary, unique }: Field): ReadonlyArray<"PK" | "FK" | "UK"> => [
  ...(primary ? (["PK"] as const) : []),
  ...(foreign ? (["FK"] as const) : []),
  ...(unique ? (["UK"] as const) : [])
]

/** A column's type, and whether it may be NULL, in SQL's own words. */
export const typeText = ({ nullable, type }: Field): string => (nullable ? `${type} null` : type)

const widest = (widths: ReadonlyArray<number>): number => widths.reduce((most, width) => Math.max(most, width), 0)

const boxOf = (model: Model, entity: Entity): Box => {
  const title = titleOf(model, entity)
  const { fields } = entity
  const badges = widest(fields.map((field) => badgesOf(field).length))
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
    nameStart,
    x: 0,
    y: 0
  }
}

export const boxesOf = (model: Model): ReadonlyArray<Box> => model.entities.map((entity) => boxOf(model, entity))

/** The top of a column's row, from the top of the box; of the header for a column that is not shown. */
export const rowTop = ({ entity }: Box, column: string | undefined): number => {
  const row = entity.fields.findIndex(({ name }) => name === column)
  return row < 0 ? grid : headerHeight + row * rowHeight
}
