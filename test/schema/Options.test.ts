/** Options of a verifier, an initializer and a diagram that no compiler has looked at. */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Migrator } from "../../src/migration/Migrator.ts"
import * as MigrationSource from "../../src/migration/MigrationSource.ts"
import * as Diagram from "../../src/schema/Diagram.ts"
import { SchemaVerifier } from "../../src/schema/SchemaVerifier.ts"
import { TableInitializer } from "../../src/schema/TableInitializer.ts"
import { freshClient } from "../support/Database.ts"
import { company } from "./diagram/company.ts"

const Services = Layer.provideMerge(
  Migrator.layer({ sources: [MigrationSource.own] }),
  Layer.merge(freshClient(), NodeServices.layer)
)

layer(Services, { excludeTestServices: true })("The options of the schema", (it) => {
  const started: ReadonlyArray<readonly [options: unknown, said: string]> = [
    [{ critcal: [] }, "critcal is not known: did you mean critical?"],
    [{ transformQueryNames: "snake" }, "transformQueryNames is a string: give a function from a name to a name"],
    ["customer", "the options are a string: give an object such as"]
  ]
  for (const [options, said] of started) {
    it.effect(`are refused of an initializer: ${said}`, () =>
      Effect.gen(function* () {
        const { initializeTables } = yield* TableInitializer
        const error = yield* Effect.flip(initializeTables)
        assert(error._tag === "SchemaError" && error.reason._tag === "InvalidOption")
        assert.include(error.message, said)
      }).pipe(Effect.provide(TableInitializer.layer(options as never)))
    )
  }

  it.effect("are refused of a verifier", () =>
    Effect.gen(function* () {
      const { verify } = yield* SchemaVerifier
      const error = yield* Effect.flip(verify({}))
      assert(error._tag === "SchemaError" && error.reason._tag === "InvalidOption")
      assert.include(error.message, "transformQueryName is not known: did you mean transformQueryNames?")
    }).pipe(Effect.provide(SchemaVerifier.layerWith({ transformQueryName: String } as never)))
  )

  it.effect("are thrown at a diagram, which has no effect to fail", () =>
    Effect.sync(() => {
      const misspelt = `the option "table" of Diagram.mermaid is not known: did you mean tables?`
      assert.throws(() => Diagram.mermaid(company, { table: ["a"] } as never), misspelt)
      const text = `the option "schemas" of Diagram.svg is a string: give patterns such as ["app*"]`
      assert.throws(() => Diagram.svg(company, { schemas: "app" } as never), text)
      assert.throws(() => Diagram.svg(company, { columns: "some" } as never), `"columns" of Diagram.svg is neither`)
    })
  )
})
