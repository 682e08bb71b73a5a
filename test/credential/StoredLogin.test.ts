import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { CredentialManager } from "../../src/credential/CredentialManager.ts"
import * as StoredLogin from "../../src/credential/StoredLogin.ts"
import { LoginSource } from "../../src/secret/LoginSource.ts"
import { createRole, Live, logsIn } from "./fixture.ts"

layer(Live, { excludeTestServices: true })("StoredLogin", (it) => {
  it.effect("gives the password of the moment: after a rotation, the new one", () =>
    Effect.gen(function* () {
      const manager = yield* CredentialManager
      const source = yield* LoginSource
      const role = yield* createRole("pooled")
      const early = yield* Effect.flip(source.login)
      assert.strictEqual(early.reason._tag, "LoginUnavailable")
      assert.include(early.message, '"pooled"')
      yield* manager.store({ name: "pooled", role, password: yield* manager.generate() })
      yield* manager.rotate("pooled")
      const { password, username } = yield* source.login
      assert.isTrue(yield* logsIn({ username, password: password ?? Redacted.make("") }))
      yield* manager.revoke("pooled")
      assert.strictEqual((yield* Effect.flip(source.login)).reason._tag, "LoginUnavailable")
    }).pipe(Effect.provide(StoredLogin.layer("pooled")))
  )
})
