import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Database, run } from "./fixture.ts"

const constraintOf = (error: { readonly reason: { readonly cause: unknown } }) =>
  (error.reason.cause as { readonly constraint?: string }).constraint

layer(Database, { excludeTestServices: true })("migrations/0001_security_keys", (it) => {
  it.effect("gives PUBLIC nothing, says what each column is for, and names its constraints", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [access] = yield* sql<{ allowed: boolean }>`
        SELECT bool_or(grantee = 0) AS allowed
        FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
        WHERE pg_class.oid = 'pgkeel.security_keys'::regclass`
      assert.isFalse(access?.allowed)
      const silent = yield* sql<{ attname: string }>`
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'pgkeel.security_keys'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL`
      assert.deepStrictEqual(silent, [])
      const named = yield* sql<{ conname: string }>`
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'pgkeel.security_keys'::regclass AND contype IN ('c', 'p') ORDER BY conname`
      assert.deepStrictEqual(
        named.map((constraint) => constraint.conname),
        ["name", "pkey", "role_name", "sealed", "version"].map((part) =>
          part === "pkey" ? "security_keys_pkey" : `security_keys_${part}_check`
        )
      )
    })
  )

  it.effect("refuses a password that was not sealed, and two live credentials of one role", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const insert = (name: string, sealed: string) =>
        sql`INSERT INTO pgkeel.security_keys (name, role_name, key_id, sealed) VALUES (${name}, 'r', 'k', ${sealed})`
      assert.strictEqual(constraintOf(yield* Effect.flip(insert("plain", "plain text"))), "security_keys_sealed_check")
      yield* insert("first", "v1.k.x")
      assert.strictEqual(constraintOf(yield* Effect.flip(insert("second", "v1.k.x"))), "security_keys_role_name_key")
      yield* sql`UPDATE pgkeel.security_keys SET revoked_at = now()`
      yield* insert("second", "v1.k.x")
    })
  )

  it.effect("is undone by its down file, and can be done again", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const left = sql`SELECT oid FROM pg_class WHERE relnamespace = 'pgkeel'::regnamespace`
      yield* run("0001_security_keys.down.sql")
      assert.deepStrictEqual(yield* left, [])
      yield* run("0001_security_keys.up.sql")
      assert.isNotEmpty(yield* left)
    })
  )
})
