/**
 * Draws a schema: its tables, their columns and the foreign keys between them.
 *
 * A diagram is made of a snapshot, so it needs no database where a snapshot file
 * is at hand. The same snapshot and options give the same text, byte for byte, so
 * a diagram can be committed beside the migrations.
 */
import type { Snapshot } from "../catalog/Snapshot.ts"
import { mermaid as toMermaid } from "./internal/diagram/mermaid.ts"
import { requireOptions } from "./internal/diagram/options.ts"
import type { DiagramOptions } from "./internal/diagram/options.ts"
import { select } from "./internal/diagram/select.ts"
import { svg as toSvg } from "./internal/diagram/svg.ts"

export type { DiagramOptions } from "./internal/diagram/options.ts"

/** As a Mermaid `erDiagram`, which GitHub and many others draw where they find it in Markdown. */
export const mermaid = (snapshot: Snapshot, options: DiagramOptions = {}): string => {
  requireOptions("Diagram.mermaid", options)
  return toMermaid(select(snapshot, options), options.title)
}

/** As one SVG document without scripts or anything beside it, which follows the reader's light or dark system. */
export const svg = (snapshot: Snapshot, options: DiagramOptions = {}): string => {
  requireOptions("Diagram.svg", options)
  return toSvg(select(snapshot, options), options.title ?? "Schema")
}
