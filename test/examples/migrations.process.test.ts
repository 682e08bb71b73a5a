/** The walks through migrations, as processes, each on a database of its own. */
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freshDatabase, TestDatabase } from "../support/Database.ts"
import { finished, start } from "./program.ts"

const tsx = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url))

const walk = Effect.fnUntraced(function* (example: string) {
  const env = { DATABASE_URL: Redacted.value((yield* TestDatabase).url) }
  const { code, errors, output } = yield* finished(start([tsx, join("examples", example)], env))
  assert.strictEqual(errors, "")
  assert.strictEqual(code, 0, output)
  return output
    .split("\n")
    .filter((text) => text.startsWith("✓"))
    .map((text) =>
      text
        .slice(2)
        .replace(/ +[\d.]+ ms$/u, "")
        .replace(/ {2,}/u, " ")
    )
})

layer(freshDatabase(), { excludeTestServices: true })("The example of migrations", (it) => {
  it.effect("takes every form, refuses what its verify does not bear out, and goes all the way back", () =>
    Effect.gen(function* () {
      const all = "shelf, book, first-shelf, inventory, development/books"
      assert.deepStrictEqual(yield* walk("migrations.ts"), [
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
      assert.deepStrictEqual(yield* walk("zero-downtime.ts"), [
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
