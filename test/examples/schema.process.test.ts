/** The walk through a schema, as a process on a database of its own. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { walk } from "./program.ts"

layer(freshDatabase(), { excludeTestServices: true })("The example of a schema", (it) => {
  it.effect("commits it, finds what was changed by hand, holds a migration to the rules, and draws it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* walk("schema.ts", (yield* TestDatabase).url), [
        "committed customer, purchase",
        "verified 0 differences",
        "drift column pgkeel_shop.customer.email differs (notNull: true -> none)",
        "drift table pgkeel_shop.customer differs (comment: none -> do not touch)",
        "drift index pgkeel_shop.purchase.purchase_customer is missing " +
          "(CREATE INDEX purchase_customer ON pgkeel_shop.purchase USING btree (customer))",
        "refused SchemaDrift",
        "ignored 2 of them, 1 let pass",
        "dangerous concurrent-index, line 1: CREATE INDEX blocks all writes to pgkeel_shop.customer until it is built",
        "rewritten 0 findings",
        "drawn customer and purchase in schema.svg"
      ])
    })
  )
})
