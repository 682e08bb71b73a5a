/** A fix is SQL that can be run in place of what was found: nothing is found in it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { read } from "../../../src/migration/internal/splitter.ts"
import { findings } from "./support.ts"

const bad = [
  "CREATE INDEX i ON t (a)",
  "DROP INDEX i",
  "REINDEX TABLE t",
  "REINDEX INDEX app.i",
  "REFRESH MATERIALIZED VIEW totals",
  "ALTER TABLE parts DETACH PARTITION parts_1",
  "ALTER TABLE parts ATTACH PARTITION t FOR VALUES FROM (1) TO (100)",
  "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()",
  "ALTER TABLE t ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE t ALTER a TYPE bigint",
  'ALTER TABLE "My Table" ALTER "Order" SET NOT NULL',
  'ALTER TABLE t ADD CONSTRAINT "a, b" CHECK (a > 0 AND b IN (1, 2))',
  "ALTER TABLE t ADD COLUMN a bigint CHECK (a > 0)",
  "ALTER TABLE t ADD UNIQUE (a, b)",
  "ALTER TABLE t ADD COLUMN a text UNIQUE",
  "ALTER TABLE t ADD PRIMARY KEY (a)",
  "ALTER DOMAIN amount ADD CHECK (VALUE > 0)",
  "ALTER TABLE t SET UNLOGGED",
  "VACUUM FULL t",
  "TRUNCATE t",
  "LOCK TABLE t",
  "SET lock_timeout = 0",
  "UPDATE t SET a = 1",
  "ALTER TABLE t ADD a bigint; ALTER TABLE u ADD a bigint"
]

describe("a fix", () => {
  it.effect.each(bad)("of %s is SQL that no rule is against", (sql) =>
    Effect.gen(function* () {
      const found = yield* findings(sql)
      assert.isAbove(found.length, 0)
      for (const { fix } of found) {
        yield* read(fix)
        assert.deepStrictEqual(yield* findings(fix), [], fix)
      }
    })
  )
})
