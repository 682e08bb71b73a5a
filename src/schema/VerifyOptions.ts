/** What a database is held to by `SchemaVerifier.verify`. */
import type { Snapshot } from "../catalog/Snapshot.ts"
import type { CriticalTable } from "./CriticalTable.ts"

export interface VerifyOptions {
  /** What the whole schema has to be; as in `SchemaOptions`. Default: it is not compared. */
  readonly snapshot?: Snapshot
  /** Tables that must be there. Default: none. */
  readonly critical?: ReadonlyArray<CriticalTable>
  /** As in `SchemaOptions`: fail with `SchemaDrift`, or log each difference and return it. Default: `fail`. */
  readonly drift?: "fail" | "warn"
  /** As in `SchemaOptions`. Default: nothing. */
  readonly ignore?: ReadonlyArray<string>
  /** Whether there may be more than is expected, as long as no statement of the application runs into it. Default: `refuse`. */
  readonly additions?: "refuse" | "allow"
}

/** How the client names columns, for the fields of models. */
export interface VerifierOptions {
  /** As in `PgClientConfig`. Default: columns are named as the fields are. */
  readonly transformQueryNames?: (name: string) => string
}
