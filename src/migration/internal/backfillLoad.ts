/** Whether the server has better things to do than a backfill. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import { decoded } from "./backfillBatch.ts"
import type { BackfillTable } from "./backfillTable.ts"

const Load = Schema.Tuple([Schema.Tuple([Schema.Finite, Schema.Int])])

/**
 * The replica that is furthest behind, by what it has still to replay: the delay in
 * seconds stands still for one that does not answer. Replicas show it to members of
 * pg_monitor only.
 */
export const loadOf = (
  sql: SqlClient.SqlClient,
  { oid }: BackfillTable
): Effect.Effect<{ readonly lagBytes: number; readonly waiting: number }, DatabaseError> =>
  decoded(
    Load,
    sql`SELECT
      (SELECT coalesce(pg_catalog.max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)), 0)
        FROM pg_catalog.pg_stat_replication)::float8,
      (SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
        WHERE NOT l.granted AND l.relation = ${String(oid)}::text::oid)::integer`
  ).pipe(Effect.map(([[lagBytes, waiting]]) => ({ lagBytes, waiting })))
