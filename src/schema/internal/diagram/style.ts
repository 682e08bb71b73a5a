/** The look of the SVG: plain rules for everybody, and others where the reader's system is dark. */
import { badgeSize, fontSize, titleSize } from "./boxes.ts"
import { fonts } from "./metrics.ts"

/** Of lines, and of headers by schema: told apart by everybody who sees colours, and readable on both pages. */
const light = ["#2563eb", "#c2410c", "#15803d", "#9333ea", "#b91c1c", "#0e7490", "#a16207", "#be185d"]
const dark = ["#60a5fa", "#fb923c", "#4ade80", "#c084fc", "#f87171", "#22d3ee", "#facc15", "#f472b6"]
const heads = ["#dbe7fb", "#fbe4d3", "#d7f0df", "#eadcfa", "#fbdcdc", "#d3eef3", "#f6ebc6", "#fadcea"]
const darkHeads = ["#1e3354", "#4a2c18", "#17402a", "#3b2457", "#4d2020", "#123f48", "#453a10", "#4c1f36"]

export const colours = light.length

const coloured = (lines: ReadonlyArray<string>, heads: ReadonlyArray<string>): string =>
  [
    ...lines.map((colour, index) => `.e${index}{stroke:${colour}}.e${index} .arrow{fill:${colour}}`),
    ...heads.map((colour, index) => `.head.h${index}{fill:${colour}}`),
    ...lines.map((colour, index) => `.frame.h${index}{stroke:${colour}}`)
  ].join("\n")

export const style = `
text{font:${fontSize}px ${fonts};fill:#1f2937;white-space:pre}
.page,.box{fill:#fff}
.page{fill:#f8fafc}
.frame{fill:none;stroke-opacity:.55}
.row{stroke:#eef1f5}
text.title{font-size:${titleSize}px;font-weight:700;fill:#0f172a}
.schema{font-weight:400;fill:#475569}
text.key{font-weight:700}
text.type{text-anchor:end;fill:#64748b}
text.mark{font-size:${badgeSize}px;font-weight:700;text-anchor:middle}
rect.pk{fill:#fde68a}text.pk{fill:#713f12}
rect.fk{fill:#dbeafe}text.fk{fill:#1e3a8a}
rect.uk{fill:#e5e7eb}text.uk{fill:#374151}
.line,.foot,.arrow,.halo,.bracket,.reach{fill:none;stroke-width:1.5;stroke-linejoin:round}
.optional{stroke-dasharray:5 3}
.halo{stroke:#f8fafc;stroke-width:5}
.reach{stroke:none;stroke-width:9;pointer-events:stroke}
g.fk:hover .line,g.fk:hover .foot{stroke-width:3.5}
text.heading{font-size:18px;font-weight:700;fill:#0f172a}
text.note{fill:#64748b}
.sample{stroke:#64748b}.sample .arrow{fill:#64748b}
${coloured(light, heads)}
@media (prefers-color-scheme:dark){
text{fill:#e2e8f0}
.box{fill:#161d2b}
.page{fill:#0b1120}
.row{stroke:#222c3d}
text.title,text.heading{fill:#f8fafc}
.schema{fill:#a3b1c6}
text.type,text.note{fill:#94a3b8}
rect.pk{fill:#713f12}text.pk{fill:#fde68a}
rect.fk{fill:#1e3a8a}text.fk{fill:#dbeafe}
rect.uk{fill:#374151}text.uk{fill:#e5e7eb}
.halo{stroke:#0b1120}
.sample{stroke:#94a3b8}.sample .arrow{fill:#94a3b8}
${coloured(dark, darkHeads)}
}
`
