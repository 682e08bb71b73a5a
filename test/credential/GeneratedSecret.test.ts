import { NodeCrypto } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"
import * as GeneratedSecret from "../../src/credential/GeneratedSecret.ts"

layer(NodeCrypto.layer)("GeneratedSecret", (it) => {
  it.effect("has 192 bits of letters and digits when nothing is said", () =>
    Effect.gen(function* () {
      const secret = yield* GeneratedSecret.make()
      assert.match(Redacted.value(secret), /^[A-Za-z0-9]{33}$/)
      assert.strictEqual(encodeURIComponent(Redacted.value(secret)), Redacted.value(secret))
      assert.notInclude(inspect(secret) + JSON.stringify({ secret }), Redacted.value(secret))
    })
  )

  it.effect("is as long as the bits that are asked for need", () =>
    Effect.gen(function* () {
      for (const [bits, length] of [
        [128, 22],
        [256, 43],
        [1024, 172]
      ] as const) {
        assert.strictEqual(Redacted.value(yield* GeneratedSecret.make({ bits })).length, length)
      }
    })
  )

  it.effect("refuses fewer than 128 bits, more than 1024, and what is no number", () =>
    Effect.gen(function* () {
      for (const bits of [0, 127.9, -1, 1025, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = yield* Effect.flip(GeneratedSecret.make({ bits }))
        assert.strictEqual(error.reason._tag, "InsufficientEntropy")
      }
    })
  )

  it.effect("uses all 62 characters equally often", () =>
    Effect.gen(function* () {
      const counts = new Map<string, number>()
      const secrets = yield* Effect.replicateEffect(GeneratedSecret.make({ bits: 1024 }), 400)
      const text = secrets.map(Redacted.value).join("")
      for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
      assert.strictEqual(counts.size, 62)
      const expected = text.length / 62
      const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      // 61 degrees of freedom: above 150 happens less than once in a hundred million runs.
      assert.isBelow(chiSquare, 150)
    })
  )
})
