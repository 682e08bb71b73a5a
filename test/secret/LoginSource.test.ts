import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"
import { LoginSource } from "../../src/secret/LoginSource.ts"

describe("LoginSource.layerStatic", () => {
  it.effect("answers every connection with the same login, and never prints the password", () =>
    Effect.gen(function* () {
      const source = yield* LoginSource
      const first = yield* source.login
      assert.strictEqual(first, yield* source.login)
      assert.strictEqual(first.username, "app")
      assert.notInclude(inspect(first) + JSON.stringify(first), "planted")
    }).pipe(Effect.provide(LoginSource.layerStatic({ username: "app", password: Redacted.make("planted") })))
  )
})
