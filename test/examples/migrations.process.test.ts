/** The walks through migrations, as processes, each on a database of its own. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { walk } from "./program.ts"

const walked = (example: string) => Effect.flatMap(TestDatabase, ({ url }) => walk(example, url))

layer(freshDatabase(), { excludeTestServices: true })("The example of migrations", (it) => {
  it.effect("takes every form, refuses what its verify does not bear out, and goes all the way back", () =>
    Effect.gen(function* () {
      const all = "shelf, book, first-shelf, inventory, development/books"
      assert.deepStrictEqual(yield* walked("migrations.ts"), [
        `planned ${all}`,
        "apart book",
        `applied ${all}`,
        "again 0 to do",
        "inventory 2 novels, 1 plays",
        "refused VerifyFailed",
        "redone first-shelf; then first-shelf, inventory, development/books",
        "reverted first-shelf, book, shelf",
        "told 8 up, 4 down, 3 down"
      ])
    })
  )

  it.effect("of a change without downtime runs two versions side by side, and no request fails", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* walked("zero-downtime.ts"), [
        "started with 5000 customers, who have a name",
        "expanded customers may have a full_name",
        "backfilled every customer has a full_name",
        "validated every customer will have one",
        "retired the version that knows name only",
        "contracted the name is gone",
        "requests 0 of them failed",
        "reverted 5 migrations"
      ])
    })
  )
})
