/** Compares a database with a committed snapshot: by its hash, and only where that differs by what is in it. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { read } from "../../catalog/Snapshot.ts"
import type { Snapshot } from "../../catalog/Snapshot.ts"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import { between, describe } from "../Difference.ts"
import { SchemaDrift, SchemaError } from "../SchemaError.ts"
import type { Committed } from "../SnapshotFile.ts"
import type { Difference } from "./difference.ts"
import { ignoring } from "./ignoring.ts"
import { isMended, restrictions } from "./tolerance.ts"

export interface Expectation {
  readonly snapshot: Committed
  readonly drift: "fail" | "warn"
  readonly ignore: ReadonlyArray<string>
  /** Whether there may be more than is expected, as long as it is in nobody's way. */
  readonly additions: boolean
}

export interface Verification {
  /** What differs from the snapshot and matters, which is let pass with a warning. */
  readonly drift: ReadonlyArray<Difference>
  /** How many differences do not matter: ignored, put right by a start, or allowed additions. */
  readonly tolerated: number
}

const equal: Verification = { drift: [], tolerated: 0 }

const withObjects = (snapshot: Snapshot, objects: Snapshot["objects"]): Snapshot => ({ ...snapshot, objects })

/** Every difference, and those that matter. */
export const differences = (
  expected: Snapshot,
  actual: Snapshot,
  { additions, ignore }: Pick<Expectation, "additions" | "ignore">
) => {
  const ignored = ignoring(ignore)
  const looked = (snapshot: Snapshot) =>
    withObjects(
      snapshot,
      snapshot.objects.filter((one) => !ignored.object(one))
    )
  const all = between(looked(expected), looked(actual))
  const drift = all.filter((difference) => !ignored.difference(difference) && !isMended(difference))
  return { all, drift: additions ? restrictions(drift) : drift }
}

const warn = (snapshot: string, drift: ReadonlyArray<Difference>) =>
  Effect.forEach(
    drift,
    (difference) =>
      Effect.logWarning(`the schema differs from ${snapshot}: ${describe(difference)}`).pipe(
        Effect.annotateLogs({ kind: difference.kind, object: difference.object })
      ),
    { discard: true }
  )

/** `hash` is that of the database, as it was read a moment ago. */
export const verify = Effect.fnUntraced(function* (
  sql: SqlClient,
  expectation: Expectation,
  hash: string | null
): Effect.fn.Return<Verification, DatabaseError | SchemaError> {
  const { name } = expectation.snapshot
  if (hash === expectation.snapshot.hash) return equal
  const expected = yield* expectation.snapshot.snapshot
  const { all, drift } = differences(expected, yield* read(sql), expectation)
  if (Arr.isReadonlyArrayNonEmpty(drift)) {
    if (expectation.drift === "fail") {
      return yield* new SchemaError({ reason: new SchemaDrift({ differences: drift, snapshot: name }) })
    }
    yield* warn(name, drift)
  }
  return { drift, tolerated: all.length - drift.length }
})
