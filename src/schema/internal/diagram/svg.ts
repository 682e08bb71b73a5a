/** A layout as one SVG document: no scripts, no fonts and no files beside it, light and dark. */
import type { Box } from "./boxes.ts"
import { badgeGap, badgeSize, badgeWidth, fontSize, headerHeight, rowHeight, titleSize, typeText } from "./boxes.ts"
import { bracketsOver } from "./brackets.ts"
import type { Layout } from "./layout.ts"
import { layout } from "./layout.ts"
import { legendOf } from "./legend.ts"
import type { Field, Model } from "./model.ts"
import { marksOf } from "./model.ts"
import { pathsOf } from "./paths.ts"
import { colours, style } from "./style.ts"
import { escape } from "./xml.ts"

const margin = 32

const baseline = (middle: number, size: number): number => middle + Math.round(size * 0.35)

const badge = (mark: string, x: number, middle: number): string =>
  `<rect class="mark ${mark.toLowerCase()}" x="${x}" y="${middle - 7}" width="${badgeWidth}" height="14" rx="3"/>` +
  `<text class="mark ${mark.toLowerCase()}" x="${x + badgeWidth / 2}" y="${baseline(middle, badgeSize)}">${mark}</text>`

const row = (box: Box, field: Field, index: number): string => {
  const top = box.y + headerHeight + index * rowHeight
  const middle = top + rowHeight / 2
  const line = index === 0 ? "" : `<path class="row" d="M${box.x + 1} ${top}H${box.x + box.width - 1}"/>`
  const marks = marksOf(field).map((mark, place) =>
    badge(mark, box.x + box.padding + place * (badgeWidth + badgeGap), middle)
  )
  const name = `<text class="${field.primary ? "name key" : "name"}" x="${box.x + box.nameStart}" y="${baseline(middle, fontSize)}">${escape(field.name)}</text>`
  const type = `<text class="type" x="${box.x + box.width - box.padding}" y="${baseline(middle, fontSize)}">${escape(typeText(field))}</text>`
  return line + marks.join("") + name + type
}

/** The upper corners are round, the lower ones belong to the rows. */
const header = ({ height, width, x, y }: Box, hasRows: boolean): string => {
  const bottom = y + (hasRows ? headerHeight : height)
  const corner = hasRows ? `V${bottom}H${x}` : `V${bottom - 6}a6 6 0 0 1 -6 6H${x + 6}a6 6 0 0 1 -6 -6`
  return `M${x} ${y + 6}a6 6 0 0 1 6 -6H${x + width - 6}a6 6 0 0 1 6 6${corner}z`
}

const table = (box: Box, colour: number): string => {
  const { entity, height, title, width, x, y } = box
  const comment = entity.comment === undefined ? "" : `<title>${escape(entity.comment)}</title>`
  const [schema, name] = title
  const prefix = schema === "" ? "" : `<tspan class="schema">${escape(schema)}</tspan>`
  const middle = entity.fields.length === 0 ? height / 2 : headerHeight / 2
  return (
    `<g class="table">${comment}<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>` +
    `<path class="head h${colour}" d="${header(box, entity.fields.length > 0)}"/>` +
    `<text class="title" x="${x + box.padding}" y="${baseline(y + middle, titleSize)}">${prefix}${escape(name)}</text>` +
    `${entity.fields.map((field, index) => row(box, field, index)).join("")}` +
    `<rect class="frame h${colour}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/></g>`
  )
}

const draw = (model: Model, drawn: Layout, title: string): string => {
  const schemas = [...new Set(model.entities.map(({ schema }) => schema))]
  const colourOf = (schema: string): number => schemas.indexOf(schema) % colours
  const legend = legendOf(
    model,
    title,
    schemas.map((name) => ({ name, colour: colourOf(name) }))
  )
  const width = Math.max(drawn.width, legend.width) + 2 * margin
  const height = drawn.height + legend.height + 2 * margin
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xml:space="preserve">`,
    `<title>${escape(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<g transform="translate(${margin} ${margin})">${legend.svg}</g>`,
    `<g transform="translate(${margin} ${margin + legend.height})">`,
    ...pathsOf(drawn.routes),
    ...drawn.boxes.map((box) => table(box, colourOf(box.entity.schema))),
    ...bracketsOver(drawn.routes),
    "</g>",
    "</svg>",
    ""
  ].join("\n")
}

export const svg = (model: Model, title: string): string => draw(model, layout(model), title)
