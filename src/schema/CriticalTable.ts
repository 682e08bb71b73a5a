/**
 * A table, or a view, without which the application does not start, as it is said
 * in code: names of columns, what they are to be, or the model that rows of it are
 * decoded with.
 */
import type * as Schema from "effect/Schema"

export interface CriticalColumn {
  readonly name: string
  /**
   * Its type, by any of its names: `int`, `varchar(20)`, `timestamptz`, `shop.currency`. Without a length, any length
   * will do. Default: all of them.
   */
  readonly type?: string
  /** Whether it may be NULL, which nobody knows of a column of a view. Default: either. */
  readonly nullable?: boolean
}

export interface CriticalTable {
  /** `schema.table`, or `table` in the search path. */
  readonly table: string
  /** The columns that it must have, whatever else it has. Without it, its columns are not looked at. */
  readonly columns?: ReadonlyArray<string | CriticalColumn>
  /**
   * A `Model.Class`, or another schema of structs. Each field needs a column, of a type that the driver reads as what
   * the field is encoded to, and may be NULL only where the field may. Fields are named as the client names columns
   * (`transformQueryNames`).
   */
  readonly model?: { readonly fields: Schema.Struct.Fields }
}
