import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { CredentialManager } from "../../src/credential/CredentialManager.ts"
import { clientOf, createRole, Database, Live, logsIn } from "./fixture.ts"

const password = (text: string) => Redacted.make(text)

const refusal = <E>(attempt: Effect.Effect<unknown, E>) => Effect.flip(attempt)

layer(Live, { excludeTestServices: true })("CredentialManager", (it) => {
  it.effect("stores a password that logs in, and gives it back", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("stored")
      const secret = yield* manager.generate()
      const stored = yield* manager.store({ name: "stored", role, password: secret })
      assert.deepStrictEqual(
        { name: stored.name, username: stored.username, version: stored.version },
        {
          name: "stored",
          username: role,
          version: 1
        }
      )
      assert.isTrue(yield* logsIn({ username: role, password: secret }))
      assert.isFalse(yield* logsIn({ username: role, password: password("wrong") }))
      const resolved = yield* manager.resolve("stored")
      assert.strictEqual(Redacted.value(resolved.password), Redacted.value(secret))
      assert.strictEqual(resolved.username, role)
    })
  )

  it.effect("logs in with passwords that are not ASCII and with every ASCII sign", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("signs")
      for (const text of ["pässwörd", "密码🔑", ` ~!@#$%^&*()_+{}|:"<>?'\\;,./-=[]\``, "\t"]) {
        yield* manager.store({ name: "signs", role, password: password(text) })
        assert.isTrue(yield* logsIn({ username: role, password: password(text) }), text)
      }
    })
  )

  it.effect("rotates to a new password: the old one is refused, the version counts on", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("rotated")
      const first = yield* manager.store({ name: "rotated", role, password: password("first-password") })
      const second = yield* manager.rotate("rotated")
      assert.strictEqual(second.version, 2)
      assert.isFalse(yield* logsIn(first))
      assert.isTrue(yield* logsIn(second))
      assert.isTrue(yield* logsIn(yield* manager.resolve("rotated")))
    })
  )

  it.effect("ends consistent when ten rotate at once: the stored password is the one that logs in", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("contended")
      yield* manager.store({ name: "contended", role, password: password("first-password") })
      const rotated = yield* Effect.replicateEffect(manager.rotate("contended"), 10, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        rotated.map((each) => each.version).sort((a, b) => a - b),
        [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
      )
      const last = yield* manager.resolve("contended")
      assert.strictEqual(last.version, 11)
      assert.isTrue(yield* logsIn(last))
      const winner = rotated.find((each) => each.version === 11)
      assert.strictEqual(winner && Redacted.value(winner.password), Redacted.value(last.password))
    })
  )

  it.effect("stores for different roles at once without getting in each other's way", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const names = ["one", "two", "three", "four", "five"]
      const stored = yield* Effect.forEach(
        names,
        (name) =>
          Effect.gen(function* () {
            const role = yield* createRole(name)
            return yield* manager.store({ name, role, password: yield* manager.generate() })
          }),
        { concurrency: "unbounded" }
      )
      for (const credential of stored) assert.isTrue(yield* logsIn(credential))
    })
  )

  it.effect("lets one of several names have a role when all ask at once, and tells the others who has it", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("wanted")
      const outcomes = yield* Effect.forEach(
        ["wanted 1", "wanted 2", "wanted 3", "wanted 4", "wanted 5", "wanted 6"],
        (name) =>
          manager.store({ name, role, password: password(name) }).pipe(
            Effect.map((stored) => stored.name),
            Effect.catchReason("CredentialError", "RoleConflict", (reason) => Effect.succeed(reason.heldName))
          ),
        { concurrency: "unbounded" }
      )
      const [winner = ""] = outcomes
      assert.strictEqual(new Set(outcomes).size, 1)
      assert.isTrue(yield* logsIn({ username: role, password: password(winner) }))
    })
  )

  it.effect("changes neither the store nor the role when the caller's transaction rolls back", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      const role = yield* createRole("undone")
      const first = yield* manager.store({ name: "undone", role, password: password("first-password") })
      yield* Effect.exit(sql.withTransaction(Effect.andThen(manager.rotate("undone"), Effect.fail("undo"))))
      assert.strictEqual((yield* manager.resolve("undone")).version, 1)
      assert.isTrue(yield* logsIn(first))
    })
  )

  it.effect("leaves the store as it was when the role cannot be altered", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      const role = yield* createRole("kept")
      const weak = yield* createRole("weak", "LOGIN PASSWORD 'weak'")
      const name = `"${weak.replaceAll('"', '""')}"`
      yield* sql.unsafe(`GRANT USAGE ON SCHEMA pgkeel TO ${name}`)
      yield* sql.unsafe(`GRANT ALL ON pgkeel.security_keys TO ${name}`)
      const first = yield* manager.store({ name: "kept", role, password: password("first-password") })
      const context = yield* clientOf({ username: weak, password: password("weak") })
      const error = yield* Effect.flip(
        Effect.flatMap(CredentialManager, (weakly) => weakly.rotate("kept")).pipe(
          Effect.provide(Layer.fresh(CredentialManager.layer)),
          Effect.provide(context)
        )
      )
      assert.strictEqual(error._tag, "DatabaseError")
      assert.strictEqual(error.reason._tag, "InsufficientPrivilege")
      assert.isTrue(yield* logsIn(first))
      assert.strictEqual((yield* manager.resolve("kept")).version, 1)
    })
  )

  it.effect("keeps one name for one role: neither is given away while the credential is in use", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const role = yield* createRole("held")
      const other = yield* createRole("other")
      yield* manager.store({ name: "held", role, password: password("held-password") })
      for (const attempt of [
        manager.store({ name: "second name", role, password: password("x") }),
        manager.store({ name: "held", role: other, password: password("x") })
      ]) {
        const error = yield* Effect.flip(attempt)
        assert.strictEqual(error.reason._tag, "RoleConflict")
      }
      assert.isTrue(yield* logsIn(yield* manager.resolve("held")))
      yield* manager.revoke("held")
      const moved = yield* manager.store({ name: "second name", role, password: password("moved-password") })
      assert.strictEqual((yield* Effect.flip(manager.revoke("held"))).reason._tag, "RoleConflict")
      assert.isTrue(yield* logsIn(moved))
    })
  )

  it.effect("fails with NotFound, RoleNotFound and InvalidPassword by name", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const sql = yield* SqlClient.SqlClient
      const role = (yield* createRole("plain")).padEnd(63, "a")
      yield* sql.unsafe(`CREATE ROLE "${role.replaceAll('"', '""')}"`)
      for (const method of [manager.resolve, manager.rotate, manager.verify, manager.revoke]) {
        assert.strictEqual((yield* refusal(method("nobody"))).reason._tag, "NotFound")
      }
      const store = (to: string, text: string) =>
        Effect.flip(manager.store({ name: "nobody", role: to, password: password(text) }))
      assert.strictEqual((yield* store("no such role", "x")).reason._tag, "RoleNotFound")
      assert.strictEqual((yield* store(`${role}beyond`, "x")).reason._tag, "RoleNotFound")
      assert.strictEqual((yield* store(role, "")).reason._tag, "InvalidPassword")
    })
  )

  it.effect("fails with the database's own reason when the table is missing", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.flatMap(CredentialManager, (manager) => manager.resolve("x")).pipe(
          Effect.provide(CredentialManager.layerWith({ schema: 'no "such' }))
        )
      )
      assert.strictEqual(error._tag, "DatabaseError")
      assert.strictEqual(error.reason._tag, "UndefinedTable")
    })
  )
})

layer(Database, { excludeTestServices: true })("CredentialManager in a schema of another name", (it) => {
  it.effect("finds its table there, however the schema is called", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe('ALTER SCHEMA pgkeel RENAME TO "odd ""schema.name"')
      const role = yield* createRole("elsewhere")
      const stored = yield* Effect.flatMap(CredentialManager, (manager) =>
        Effect.andThen(
          manager.store({ name: "elsewhere", role, password: password("elsewhere") }),
          manager.resolve("elsewhere")
        )
      ).pipe(Effect.provide(Layer.fresh(CredentialManager.layerWith({ schema: 'odd "schema.name' }))))
      assert.isTrue(yield* logsIn(stored))
    })
  )
})
