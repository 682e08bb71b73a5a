/**
 * What an application expects of the schema when it starts.
 *
 * The database is compared with the snapshot that was committed with the
 * migrations: their hashes, in the query that looks for the critical tables, so
 * that a database without drift costs no round trip more. Only where they are not
 * the same is the schema read, and each difference told by its name.
 *
 * An application starts on the schema of a later release where
 * `migrationPolicies.newer` lets it and nothing that it needs is gone, and on that
 * of an earlier one where `pending` lets it and the critical tables are there.
 */
import type { Snapshot } from "../catalog/Snapshot.ts"

export interface SchemaOptions {
  /**
   * What the schema has to be: a file that `pgkeel schema snapshot` has written, or a snapshot. `false` compares with
   * none. Default: `schema.json` in the directory of the migrations, where it is there.
   */
  readonly snapshot?: string | URL | Snapshot | false
  /** What to do about drift: refuse to start, or start and log each difference. Default: `fail`. */
  readonly drift?: "fail" | "warn"
  /**
   * What is not compared: kinds and names of objects such as `table audit.*` or `* public.scratch_*`, in which `*` is
   * any text, with all that is in them; and `owners`, `grants` and `comments` of all objects. Default: nothing.
   */
  readonly ignore?: ReadonlyArray<string>
  /**
   * Whether there may be more than is expected: columns that need no value, tables, labels of enums. `newer`: where
   * the history has migrations that these sources do not have, which is a later release's. Default: `newer`.
   */
  readonly additions?: "refuse" | "newer" | "allow"
  /**
   * What a start that may not migrate does about pending migrations: with `warn` and `allow` it starts when the
   * critical tables have all columns that they are to have. Default: `fail`.
   */
  readonly pending?: "fail" | "warn" | "allow"
}
