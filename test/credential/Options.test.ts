/** What is given for credentials where no compiler has looked at it. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit, Redacted } from "effect"
import { inspect } from "node:util"
import { CredentialManager } from "../../src/credential/CredentialManager.ts"
import * as ScramVerifier from "../../src/credential/ScramVerifier.ts"
import { Database, Live } from "./fixture.ts"

const password = Redacted.make("hunter2")

layer(Live, { excludeTestServices: true })("What is given for a credential", (it) => {
  const calls: ReadonlyArray<readonly [fails: Effect.Effect<unknown, unknown, CredentialManager>, said: string]> = [
    [
      Effect.flatMap(CredentialManager, ({ generate }) => generate({ bit: 256 } as never)),
      `the option "bit" of CredentialManager.generate is not known: did you mean bits?`
    ],
    [
      Effect.flatMap(CredentialManager, ({ generate }) => generate({ bits: "256" } as never)),
      `"bits" of CredentialManager.generate is a string: give a number`
    ],
    [
      Effect.flatMap(CredentialManager, ({ store }) => store({ name: "a", role: "b", password: "hunter2" } as never)),
      `"password" of CredentialManager.store is a plain string: give it wrapped, as Redacted.make(password)`
    ],
    [
      Effect.flatMap(CredentialManager, ({ store }) => store({ name: "a", password } as never)),
      `"role" of CredentialManager.store is missing: give text`
    ],
    [
      Effect.provide(ScramVerifier.make(password, { iteration: 1 } as never), NodeCrypto.layer),
      `"iteration" of ScramVerifier.make is not known: did you mean iterations?`
    ]
  ]

  for (const [fails, said] of calls) {
    it.effect(`is refused, and nothing secret is shown: ${said}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(fails)
        assert.include(String(error), said)
        assert.include(inspect(error), "InvalidOption")
        assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
      })
    )
  }

  it.effect("is a defect where it is an option of the manager, whose layer cannot fail", () =>
    Effect.gen(function* () {
      const misspelt = CredentialManager.layerWith({ shema: "x" } as never)
      const exit = yield* Effect.exit(Effect.provide(Effect.provide(CredentialManager, misspelt), Database))
      assert.isTrue(Exit.hasDies(exit))
      const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.include(String(defect), `"shema" of CredentialManager.layerWith is not known: did you mean schema?`)
    })
  )
})
