/** Values of a snapshot as what they are when it is written down. */
import type * as Schema from "effect/Schema"

export type Json = Schema.Json

export interface JsonRecord {
  readonly [key: string]: Json
}

export const isRecord = (value: Json | undefined): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A thing with a name within another: a column, a constraint. */
export interface Named extends JsonRecord {
  readonly name: string
}

export const isNamed = (value: Json): value is Named => isRecord(value) && typeof value.name === "string"

/** Equal as JSON, in which the order of keys says nothing. */
export const equal = (left: Json | undefined, right: Json | undefined): boolean => {
  if (left === right) return true
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((each, index) => equal(each, right[index]))
  }
  if (!isRecord(left) || !isRecord(right)) return false
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && equal(left[key], right[key]))
}
