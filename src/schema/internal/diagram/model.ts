/** What a diagram shows: tables with their columns, and the foreign keys between them. */

export interface Field {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  /** In the primary key. */
  readonly primary: boolean
  /** In a foreign key, whether or not the other table is shown. */
  readonly foreign: boolean
  /** Unique by itself. */
  readonly unique: boolean
}

/** How a column's keys are called. */
export const marksOf = ({ foreign, primary, unique }: Field): ReadonlyArray<"PK" | "FK" | "UK"> => [
  ...(primary ? (["PK"] as const) : []),
  ...(foreign ? (["FK"] as const) : []),
  ...(unique ? (["UK"] as const) : [])
]

export interface Entity {
  readonly schema: string
  readonly name: string
  readonly comment: string | undefined
  readonly fields: ReadonlyArray<Field>
}

export interface Relation {
  readonly name: string
  readonly from: Entity
  readonly columns: ReadonlyArray<string>
  readonly to: Entity
  readonly referenced: ReadonlyArray<string>
  /** The number of the column between whose ends the line is drawn. */
  readonly anchor: number
  /** A row may refer to none. */
  readonly optional: boolean
  /** At most one row refers to the same row. */
  readonly unique: boolean
  readonly onDelete: string
}

export interface Model {
  readonly entities: ReadonlyArray<Entity>
  readonly relations: ReadonlyArray<Relation>
  /** Names need their schema to be told apart. */
  readonly qualified: boolean
}

/** How an entity is called in the diagram, in two parts of which the first may be empty. */
export const titleOf = (model: Model, entity: Entity): readonly [schema: string, name: string] => [
  model.qualified ? `${entity.schema}.` : "",
  entity.name
]
