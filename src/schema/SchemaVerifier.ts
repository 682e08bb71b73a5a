/**
 * Tells whether the database is what the code believes: what it must have, and
 * how it differs from an earlier or another snapshot. Each question is one round
 * trip, but for the differences themselves, which take a second one.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Outline from "../catalog/Outline.ts"
import { read } from "../catalog/Snapshot.ts"
import type { Snapshot } from "../catalog/Snapshot.ts"
import type { DatabaseError } from "../error/DatabaseError.ts"
import { between } from "./Difference.ts"
import type { Difference } from "./Difference.ts"
import { missing, refuse } from "./internal/critical.ts"
import { checkCritical, checkVerifierOptions, checkVerifyOptions } from "./internal/tableRules.ts"
import { verify } from "./internal/verification.ts"
import type { Verification } from "./internal/verification.ts"
import type { SchemaError } from "./SchemaError.ts"
import * as SnapshotFile from "./SnapshotFile.ts"
import type { VerifierOptions, VerifyOptions } from "./VerifyOptions.ts"

export type { Verification } from "./internal/verification.ts"
export type { VerifierOptions, VerifyOptions } from "./VerifyOptions.ts"

const nothing: Verification = { drift: [], tolerated: 0 }

const make = Effect.fnUntraced(function* (own: VerifierOptions) {
  const sql = yield* SqlClient.SqlClient
  const compare = Effect.fnUntraced(function* (
    options: VerifyOptions
  ): Effect.fn.Return<Verification, DatabaseError | SchemaError> {
    yield* checkVerifierOptions(own)
    yield* checkVerifyOptions(options)
    yield* checkCritical(options.critical)
    const { additions = "refuse", critical = [], drift = "fail", ignore = [], snapshot } = options
    const tables = critical.map(({ table }) => table)
    const outline = yield* Outline.read(sql, { tables, hash: snapshot !== undefined })
    yield* refuse(missing(outline, critical, own.transformQueryNames))
    if (snapshot === undefined) return nothing
    const committed = SnapshotFile.ofValue(snapshot)
    return yield* verify(sql, { snapshot: committed, drift, ignore, additions: additions === "allow" }, outline.hash)
  })
  return SchemaVerifier.of({
    snapshot: Effect.withSpan(read(sql), "SchemaVerifier.snapshot"),
    verify: Effect.fn("SchemaVerifier.verify")(compare),
    diff: between
  })
})

export class SchemaVerifier extends Context.Service<
  SchemaVerifier,
  {
    /** What is there now. */
    readonly snapshot: Effect.Effect<Snapshot, DatabaseError>
    /** Fails with `SchemaDrift` when a critical table or column is missing, or the schema is not that of the snapshot. */
    readonly verify: (options: VerifyOptions) => Effect.Effect<Verification, DatabaseError | SchemaError>
    /** What makes `actual` differ from `expected`. */
    readonly diff: (expected: Snapshot, actual: Snapshot) => ReadonlyArray<Difference>
  }
>()("pgkeel/schema/SchemaVerifier") {
  /** Wrong options are the `InvalidOption` of each `verify`. */
  static readonly layerWith = (options: VerifierOptions): Layer.Layer<SchemaVerifier, never, SqlClient.SqlClient> =>
    Layer.effect(SchemaVerifier, make(options))

  static readonly layer = SchemaVerifier.layerWith({})
}
