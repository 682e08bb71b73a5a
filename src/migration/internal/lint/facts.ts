/** What only a database knows of the relations that a migration is about. */

export interface ColumnFacts {
  readonly name: string
  /** As `format_type` writes it: `character varying(20)`. */
  readonly type: string
  readonly nullable: boolean
}

export interface ConstraintFacts {
  readonly name: string
  /** As `pg_get_constraintdef` writes it: `CHECK ((price > 0)) NOT VALID`. */
  readonly definition: string
  readonly validated: boolean
}

export interface IndexFacts {
  readonly name: string
  /** As `pg_get_indexdef` writes it. */
  readonly definition: string
  readonly unique: boolean
  /** Names of the columns that it has; an expression has none. */
  readonly columns: ReadonlyArray<string>
}

export interface TableFacts {
  readonly schema: string
  readonly name: string
  /** Whether it has no rows, and no file of more than nothing. */
  readonly empty: boolean
  readonly partitioned: boolean
  readonly columns: ReadonlyArray<ColumnFacts>
  readonly constraints: ReadonlyArray<ConstraintFacts>
  readonly indexes: ReadonlyArray<IndexFacts>
}

export interface Facts {
  /** Such as 180004. */
  readonly serverVersion: number
  /** Where unqualified names are looked for, first to last. */
  readonly searchPath: ReadonlyArray<string>
  readonly tables: ReadonlyArray<TableFacts>
}
