/** What an application says of its tables. */
import type { CriticalTable } from "../CriticalTable.ts"
import type { SchemaOptions } from "../SchemaOptions.ts"
import type { DeclaredTable } from "./declared.ts"

export interface TableInitializerOptions {
  /** Tables without which the application does not start. Default: none but the package's own. */
  readonly critical?: ReadonlyArray<CriticalTable>
  /** Tables that are created when they are missing. Default: none. */
  readonly tables?: ReadonlyArray<DeclaredTable>
  /** What the schema has to be, and what to do where it is not. */
  readonly schema?: SchemaOptions
  /** How the client names columns, for the fields of models. Default: as they are. */
  readonly transformQueryNames?: (name: string) => string
}
