/** What a diagram is made of. */

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
