import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { CredentialManager } from "../../src/credential/CredentialManager.ts"
import { clientOf, createRole, keyOf, Live, logsIn } from "./fixture.ts"

const password = (text: string) => Redacted.make(text)

const refusal = <E>(attempt: Effect.Effect<unknown, E>) => Effect.flip(attempt)

layer(Live, { excludeTestServices: true })("A stored credential", (it) => {
  it.effect("verifies: match, mismatch after a change from outside, unknown for other kinds of verifier", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      const role = yield* createRole("verified")
      const quoted = `"${role.replaceAll('"', '""')}"`
      yield* manager.store({ name: "verified", role, password: password("first-password") })
      assert.strictEqual(yield* manager.verify("verified"), "match")
      yield* sql.unsafe(`ALTER ROLE ${quoted} PASSWORD 'from outside'`)
      assert.strictEqual(yield* manager.verify("verified"), "mismatch")
      yield* sql.unsafe(`ALTER ROLE ${quoted} PASSWORD 'md5${"0".repeat(32)}'`)
      assert.strictEqual(yield* manager.verify("verified"), "unknown")
      yield* sql.unsafe(`ALTER ROLE ${quoted} PASSWORD NULL`)
      assert.strictEqual(yield* manager.verify("verified"), "mismatch")
      yield* manager.rotate("verified")
      assert.strictEqual(yield* manager.verify("verified"), "match")
      yield* sql.unsafe(`DROP ROLE ${quoted}`)
      assert.strictEqual(yield* manager.verify("verified"), "mismatch")
    })
  )

  it.effect("verifies as unknown where pg_authid may not be read, and leaves the caller's transaction whole", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      const role = yield* createRole("reader")
      const name = `"${role.replaceAll('"', '""')}"`
      yield* sql.unsafe(`GRANT USAGE ON SCHEMA pgkeel TO ${name}`)
      yield* sql.unsafe(`GRANT SELECT ON pgkeel.security_keys TO ${name}`)
      const stored = yield* manager.store({ name: "reader", role, password: password("reader-password") })
      const context = yield* clientOf(stored)
      const outcome = yield* Effect.gen(function* () {
        const reader = yield* CredentialManager
        const own = yield* SqlClient.SqlClient
        return yield* own.withTransaction(Effect.tap(reader.verify("reader"), own`SELECT 1`))
      }).pipe(Effect.provide(Layer.fresh(CredentialManager.layer)), Effect.provide(context))
      assert.strictEqual(outcome, "unknown")
    })
  )

  it.effect("revokes: no login, no open session, and the name says so until a password is stored again", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("revoked")
      const stored = yield* manager.store({ name: "revoked", role, password: password("revoked-password") })
      const context = yield* clientOf(stored)
      const session = yield* SqlClient.SqlClient.pipe(Effect.provide(context))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const open = yield* session.reserve
          yield* open.executeUnprepared("SELECT 1", [], undefined)
          assert.deepStrictEqual(yield* manager.revoke("revoked"), { sessionsTerminated: 1 })
          assert.isTrue(Exit.isFailure(yield* Effect.exit(open.executeUnprepared("SELECT 1", [], undefined))))
        })
      )
      assert.isFalse(yield* logsIn(stored))
      for (const method of [manager.resolve, manager.rotate, manager.verify]) {
        const error = yield* refusal(method("revoked"))
        assert.strictEqual(error.reason._tag, "Revoked")
      }
      assert.deepStrictEqual(yield* manager.revoke("revoked"), { sessionsTerminated: 0 })
      const again = yield* manager.store({ name: "revoked", role, password: password("another-password") })
      assert.strictEqual(again.version, 2)
      assert.isTrue(yield* logsIn(again))
    })
  )

  it.effect("revokes the credential of a role that was dropped", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      const role = yield* createRole("dropped")
      yield* manager.store({ name: "dropped", role, password: password("dropped-password") })
      yield* sql.unsafe(`DROP ROLE "${role.replaceAll('"', '""')}"`)
      assert.deepStrictEqual(yield* manager.revoke("dropped"), { sessionsTerminated: 0 })
      assert.strictEqual((yield* Effect.flip(manager.resolve("dropped"))).reason._tag, "Revoked")
    })
  )

  it.effect("does not open a sealed password that was moved to another name or changed", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      for (const name of ["mine", "yours"]) {
        yield* manager.store({ name, role: yield* createRole(name), password: yield* manager.generate() })
      }
      yield* sql`UPDATE pgkeel.security_keys SET sealed = (SELECT sealed FROM pgkeel.security_keys WHERE name = 'yours')
        WHERE name = 'mine'`
      assert.strictEqual((yield* Effect.flip(manager.resolve("mine"))).reason._tag, "CannotOpen")
      yield* sql`UPDATE pgkeel.security_keys SET role_name = 'postgres' WHERE name = 'yours'`
      assert.strictEqual((yield* Effect.flip(manager.resolve("yours"))).reason._tag, "CannotOpen")
      yield* sql`UPDATE pgkeel.security_keys SET sealed = 'v1.cut' WHERE name = 'mine'`
      assert.strictEqual((yield* Effect.flip(manager.verify("mine"))).reason._tag, "CannotOpen")
      const restored = yield* manager.rotate("mine")
      assert.isTrue(yield* logsIn(restored))
    })
  )

  it.effect("says which key is needed when this process has another one", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      yield* manager.store({ name: "keyed", role: yield* createRole("keyed"), password: password("keyed-password") })
      const [row] = yield* sql<{ id: string }>`SELECT key_id AS id FROM pgkeel.security_keys WHERE name = 'keyed'`
      const error = yield* Effect.flip(
        Effect.flatMap(CredentialManager, (other) => other.resolve("keyed")).pipe(
          Effect.provide(Layer.fresh(CredentialManager.layer)),
          Effect.provide(keyOf(2))
        )
      )
      assert.strictEqual(error.reason._tag, "KeyUnavailable")
      assert.include(error.message, row?.id ?? "no row")
    })
  )
})
