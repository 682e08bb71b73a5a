import { assert, it } from "@effect/vitest"
import { accepts } from "../../src/schema/internal/columnType.ts"

const accepted: ReadonlyArray<readonly [wanted: string, found: string]> = [
  ["int", "integer"],
  ["INT4", "integer"],
  ["bigserial", "bigint"],
  ["varchar", "character varying(20)"],
  ["varchar(20)", "character varying(20)"],
  ["numeric(10, 2)", "numeric(10,2)"],
  ["timestamptz", "timestamp with time zone"],
  ["timestamptz(3)", "timestamp(3) with time zone"],
  ["timestamp  with time zone", "timestamp(3) with time zone"],
  ["text[]", "text[]"],
  ["int[]", "integer[]"],
  ["mood", "shop.mood"],
  ["shop.mood", "shop.mood"],
  ["pg_catalog.int4", "integer"]
]

const refused: ReadonlyArray<readonly [wanted: string, found: string]> = [
  ["int", "bigint"],
  ["varchar(30)", "character varying(20)"],
  ["varchar(30)", "character varying"],
  ["text", "text[]"],
  ["shop.mood", "other.mood"],
  ["timestamp", "timestamp with time zone"]
]

it("A type is accepted by any of its names, with any length where none is asked for", () => {
  for (const [wanted, found] of accepted) assert.isTrue(accepts(wanted, found), `${wanted} and ${found}`)
})

it("Another type, another length and an array of it are not accepted", () => {
  for (const [wanted, found] of refused) assert.isFalse(accepts(wanted, found), `${wanted} and ${found}`)
})
