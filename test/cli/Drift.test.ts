/** For each kind of object, one change that is made behind the application's back, as `pgkeel schema verify` tells it. */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { SqlClient } from "effect/sql"
import { directory, test } from "../migration/support.ts"
import { drifting, drifts } from "../support/Drifts.ts"
import { documentOf, onDatabase } from "./support.ts"

interface Change {
  readonly kind: string
  readonly object: string
  readonly change: "added" | "removed" | "changed"
  readonly detail: string
}

const words = { added: "is unexpected", removed: "is missing", changed: "differs" } as const

/** As the table of drifts tells them. */
const said = ({ change, detail, kind, object }: Change): string =>
  `${kind} ${object} ${words[change]}${detail === "" ? "" : ` (${detail})`}`

describe("pgkeel schema verify", () => {
  test("tells a drift of each kind of object by its name, with exit code 4", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // Roles belong to the whole server.
      const role = `drift_${randomBytes(6).toString("hex")}`
      yield* Effect.addFinalizer(() =>
        Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY "${role}" CASCADE`), sql.unsafe(`DROP ROLE "${role}"`)))
      )
      for (const statement of drifting(role)) yield* sql.unsafe(statement)
      const file = `${yield* directory({})}/schema.json`
      assert.strictEqual((yield* onDatabase(["schema", "snapshot", "--out", file])).code, 0)
      const verify = onDatabase(["schema", "verify", "--snapshot", file, "--json"])
      const before = yield* verify
      assert.strictEqual(before.code, 0, before.stdout)
      const all = drifts(role)
      for (const { change } of all) yield* sql.unsafe(change)
      const after = yield* verify
      assert.strictEqual(after.code, 4)
      const changes = (documentOf(after)["changes"] as ReadonlyArray<Change>).map(said)
      for (const { said, what } of all) {
        assert.isTrue(
          changes.some((change) => change.startsWith(said)),
          `${what}: ${said} is none of\n${changes.join("\n")}`
        )
      }
    }))
})
