import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { hashOf, hashQuery, read, toText } from "../../src/catalog/Snapshot.ts"
import { freshClient } from "../support/Database.ts"

const run = (...statements: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
  )

layer(freshClient(), { excludeTestServices: true })("A snapshot", (it) => {
  it.effect("has the hash that the server computes alone, and that this side computes of its objects", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* run(
        `CREATE TABLE "Odd ""name\\" (id int PRIMARY KEY, "ü\n\t" text DEFAULT E'\\x01\\u2028<&>')`,
        `COMMENT ON TABLE "Odd ""name\\" IS E'two\r\nlines / \\b'`
      )
      const snapshot = yield* read(sql)
      assert.deepInclude(
        snapshot.objects.find(({ kind }) => kind === "table"),
        {
          schema: "public",
          name: `Odd "name\\`,
          comment: "two\r\nlines / \b"
        }
      )
      assert.strictEqual(hashOf(snapshot.objects), snapshot.hash)
      assert.deepStrictEqual(yield* sql.unsafe(`SELECT (${hashQuery}) AS hash`), [{ hash: snapshot.hash }])
      assert.deepStrictEqual(JSON.parse(toText(snapshot)), snapshot)
    })
  )
})
