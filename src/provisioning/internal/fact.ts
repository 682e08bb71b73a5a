/**
 * What is wanted of a server, as a table of facts: how to see that one holds, and
 * the statement that makes it hold.
 *
 * One query asks for all facts of a database. What holds is left alone, so
 * provisioning twice changes nothing, and provisioning after a crash goes on
 * where it stopped.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlClient } from "effect/sql/SqlClient"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { quoteLiteral as text } from "../../error/internal/quote.ts"
import { InvalidResult } from "../../error/Reason.ts"

export type FactKind = "role" | "membership" | "database" | "grant" | "setting" | "extension" | "schema"

export interface Fact {
  readonly kind: FactKind
  /** What it is about, in words: `role shop_app`, `CONNECT on database shop to shop_app`. */
  readonly object: string
  /** An SQL condition, true when the fact holds. It must not fail when what it speaks of does not exist. */
  readonly holds: string
  /** Makes it hold. */
  readonly statement: string
}

/** The access list of one object: a row of a catalogue, and its column of `aclitem[]`. */
export interface AccessList {
  /** The catalogue, with its alias. */
  readonly from: string
  /** NULL stands for the defaults (manual, 5.8); where they matter it is they that are named here. */
  readonly acl: string
  /** Which of the catalogue's rows is meant. */
  readonly where: string
}

/** A condition: the role was given the privilege on the object, itself and by name. */
export const granted = ({ acl, from, where }: AccessList, privilege: string, to: string): string =>
  `EXISTS (SELECT FROM ${from}, pg_catalog.aclexplode(${acl}) a
    JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE ${where} AND r.rolname = ${text(to)} AND a.privilege_type = ${text(privilege)})`

/** A condition: everybody has the privilege on the object; without one, any privilege. */
export const grantedToPublic = ({ acl, from, where }: AccessList, privilege?: string): string =>
  `EXISTS (SELECT FROM ${from}, pg_catalog.aclexplode(${acl}) a
    WHERE ${where} AND a.grantee = '0'${privilege === undefined ? "" : ` AND a.privilege_type = ${text(privilege)}`})`

const decode = Schema.decodeUnknownEffect(Schema.NonEmptyArray(Schema.NonEmptyArray(Schema.Boolean)))

/** The facts that do not hold, in their order: one round trip. */
export const missingFacts = Effect.fnUntraced(function* (
  sql: SqlClient,
  facts: ReadonlyArray<Fact>
): Effect.fn.Return<ReadonlyArray<Fact>, DatabaseError> {
  const conditions = facts.map(({ holds }) => `coalesce((${holds}), false)`)
  const rows = yield* DatabaseError.refine(sql.unsafe(`SELECT ${conditions.join(",\n")}`).values)
  const [answers] = yield* Effect.mapError(
    decode(rows),
    (error) => new DatabaseError({ reason: new InvalidResult({ failure: error.message }) })
  )
  return facts.filter((_, index) => answers[index] === false)
})

/** Makes facts hold, one after the other. */
export const establish = (sql: SqlClient, facts: ReadonlyArray<Fact>): Effect.Effect<void, DatabaseError> =>
  Effect.forEach(facts, ({ statement }) => DatabaseError.refine(sql.unsafe(statement)), { discard: true })
