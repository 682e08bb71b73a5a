/**
 * What `up`, and a start, do about a history that does not fit the sources.
 *
 * | policy | what does not fit | `warn` and `allow` |
 * |---|---|---|
 * | `late` | a migration was not applied, and a later one was | run it now; on a new database it runs in its place |
 * | `edited` | an applied file has other contents now (`warn` only) | keep what was applied; a new database gets the new contents |
 * | `renamed` | an applied file has another name now, and the same contents | take it for the same migration |
 * | `missing` | an applied file is gone, and there are later ones | go on without it; it cannot be reverted, and a new database lacks it |
 * | `newer` | an applied migration is later than all files: the database is newer than this code | start: what was added has to be compatible with this code |
 *
 * `fail` refuses before anything runs. `warn` goes on and logs the message of the
 * refusal; `allow` goes on and says nothing. To let edits pass in silence is not
 * offered: two databases with one history would have different schemas, and
 * nothing would ever say so. Nor is it to take a renamed file for the same where
 * the contents are not known to be the same: it may well be another migration
 * that got the same id on another branch.
 */
export type MigrationPolicy = "fail" | "warn" | "allow"

export interface MigrationPolicies {
  /** Default: `fail`. */
  readonly late?: MigrationPolicy | undefined
  /** Default: `fail`. */
  readonly edited?: "fail" | "warn" | undefined
  /** Default: `fail`. */
  readonly renamed?: MigrationPolicy | undefined
  /** Default: `fail`. */
  readonly missing?: MigrationPolicy | undefined
  /** Default: `fail`. */
  readonly newer?: MigrationPolicy | undefined
}
