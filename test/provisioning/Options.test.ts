/** A provisioner that is given what no compiler has looked at. */
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"
import type { DesiredState } from "../../src/provisioning/DesiredState.ts"
import { Provisioner } from "../../src/provisioning/Provisioner.ts"
import type { ProvisionerOptions } from "../../src/provisioning/Provisioner.ts"
import { Services, provisioner } from "./support.ts"

const url = "postgres://postgres:hunter2@127.0.0.1:1/postgres"

/** Nobody listens there, so that what is refused was refused before anything was asked. */
const unreachable = Provisioner.layer({ admin: { url: Redacted.make(url) } })

const wrongStates: ReadonlyArray<readonly [state: unknown, said: string]> = [
  [{ databse: "shop" }, `the option "databse" of Provisioner.apply is not known: did you mean database?`],
  [{}, `the option "database" of Provisioner.apply is missing: give the name of a database, as text`],
  [{ database: 5 }, `"database" of Provisioner.apply is a number: give the name of a database, as text`],
  [
    { database: "shop", extensions: "pg_trgm" },
    `"extensions" of Provisioner.apply is a string: give names such as ["pg`
  ],
  [{ database: "shop", extensions: [1] }, `"extensions" of Provisioner.apply is an array with a number at [0]`],
  [{ database: "shop", schema: "x" }, `"schema" of Provisioner.apply is not known: did you mean schemas?`],
  [
    { database: "shop", roles: { ownr: "x" } },
    `"roles" of Provisioner.apply is an object whose "ownr" is not known (did you mean owner?): give names such as`
  ],
  [{ database: "shop", roles: "x" }, `"roles" of Provisioner.apply is a string`],
  ["shop", `the options of Provisioner.apply are a string: give an object such as { database: "shop" }`],
  [undefined, `the options of Provisioner.apply are undefined`]
]

const wrongOptions: ReadonlyArray<readonly [options: unknown, said: string]> = [
  [{ credentialFile: "x" }, `"credentialFile" of Provisioner.layer is not known: did you mean credentialsFile?`],
  [
    { credentialsFile: 3 },
    `"credentialsFile" of Provisioner.layer is a number: give a path such as ".env.credentials"`
  ],
  [{ patience: "5 parsecs" }, `"patience" of Provisioner.layer is no duration: give a duration`],
  [{ admin: url }, `"admin" of Provisioner.layer is a string: give an object such as { url: Redacted.make(url) }`],
  [{ admin: Redacted.make(url) }, `"admin" of Provisioner.layer is a Redacted: give an object such as`],
  [url, "the options of Provisioner.layer are a string: give an object such as"],
  [null, "the options of Provisioner.layer are null"]
]

const refusedBy = (options: unknown) =>
  Effect.flatMap(Provisioner, ({ apply }) => Effect.flip(apply({ database: "shop" }))).pipe(
    Effect.provide(Provisioner.layer(options as ProvisionerOptions))
  )

layer(Services, { excludeTestServices: true })("What a provisioner is given", (it) => {
  for (const [state, said] of wrongStates) {
    it.effect(`is refused before the server is asked anything: ${said}`, () =>
      Effect.gen(function* () {
        const { apply, plan } = yield* Provisioner
        const error = yield* Effect.flip(apply(state as DesiredState))
        assert(error._tag === "ProvisioningError" && error.reason._tag === "InvalidOption")
        assert.include(error.message, said)
        const planned = yield* Effect.flip(plan(state as DesiredState))
        assert.include(planned.message, said.replace("Provisioner.apply", "Provisioner.plan"))
      }).pipe(Effect.provide(unreachable))
    )
  }

  for (const [options, said] of wrongOptions) {
    it.effect(`is refused as an option of the layer, and shows nothing secret: ${said}`, () =>
      Effect.gen(function* () {
        const error = yield* refusedBy(options)
        assert(error._tag === "ProvisioningError" && error.reason._tag === "InvalidOption")
        assert.include(error.message, said)
        assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
      })
    )
  }

  it.effect("is refused by the configuration where it is a part of the administrator's login", () =>
    Effect.gen(function* () {
      const misspelt = yield* refusedBy({ admin: { url: Redacted.make(url), hots: "x" } })
      assert.include(misspelt.message, "hots is not an option: did you mean host?")
      const plain = yield* refusedBy({ admin: { url } })
      assert.include(plain.message, "url is a plain string: give it wrapped, as Redacted.make(url)")
      assert.notInclude(inspect([misspelt, plain], { depth: 10 }), "hunter2")
    })
  )

  it.effect("is refused where the file for the logins cannot be written, before the server is asked anything", () =>
    Effect.gen(function* () {
      const error = yield* refusedBy({ admin: { url: Redacted.make(url) }, credentialsFile: "/nowhere/at/all/.env" })
      assert(error._tag === "CredentialError" && error.reason._tag === "EnvFileUnusable")
      assert.include(error.message, "/nowhere/at/all/.env cannot be written: its directory does not exist")
    })
  )

  it.effect("may leave out or leave undefined what has a default", () =>
    Effect.gen(function* () {
      const { plan } = yield* Provisioner
      const state: unknown = {
        database: "never_made",
        roles: { owner: undefined },
        schemas: undefined,
        schema: undefined
      }
      assert.isNotEmpty(yield* plan(state as DesiredState))
    }).pipe(Effect.provide(provisioner()))
  )
})
