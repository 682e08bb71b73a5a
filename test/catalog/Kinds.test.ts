/** A database with everything that the written changes make, in one go. */
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { canonical } from "../../src/catalog/internal/canonical.ts"
import { SchemaObject } from "../../src/catalog/SchemaObject.ts"
import { hashOf, read } from "../../src/catalog/Snapshot.ts"
import { freshClient, TestDatabase, testServer } from "../support/Database.ts"
import { uniqueName } from "../support/Roles.ts"
import { changes } from "./property/changes.ts"

/** One simple query: hundreds of statements in one round trip. */
const execute = (text: string) =>
  Effect.flatMap(TestDatabase, ({ url }) =>
    Effect.promise(async () => {
      const client = new Client(Redacted.value(url))
      await client.connect()
      await client.query(text).finally(() => client.end())
    })
  )

const withRoles = Effect.acquireRelease(
  Effect.gen(function* () {
    const [alice, bob] = [uniqueName(), uniqueName()]
    yield* execute(`CREATE ROLE ${alice}; CREATE ROLE ${bob}`)
    return { alice, bob }
  }),
  ({ alice, bob }) =>
    execute(`DROP OWNED BY ${alice} CASCADE; DROP OWNED BY ${bob} CASCADE; DROP ROLE ${alice}, ${bob}`)
)

layer(freshClient(), { excludeTestServices: true })("A snapshot of every kind of object", (it) => {
  it.effect("has the form that its types say, and nothing beside it", () =>
    Effect.gen(function* () {
      const roles = yield* withRoles
      const statements = changes(testServer().majorVersion).join(";\n")
      yield* execute(statements.replaceAll(/\balice\b/gu, roles.alice).replaceAll(/\bbob\b/gu, roles.bob))
      const { hash, objects } = yield* read(yield* SqlClient.SqlClient)
      const decoded = Schema.decodeUnknownSync(Schema.Array(SchemaObject))(objects)
      assert.strictEqual(canonical(decoded), canonical(objects))
      assert.strictEqual(hashOf(objects), hash)
      const kinds = [...new Set(objects.map(({ kind }) => kind))]
      assert.includeMembers(kinds, [
        "aggregate",
        "base type",
        "cast",
        "collation",
        "composite type",
        "conversion",
        "default privileges",
        "domain",
        "enum",
        "extension",
        "foreign data wrapper",
        "foreign server",
        "foreign table",
        "function",
        "grants",
        "operator",
        "operator class",
        "operator family",
        "procedure",
        "publication",
        "range type",
        "schema",
        "sequence",
        "statistics",
        "table",
        "text search configuration",
        "text search dictionary",
        "user mapping",
        "view"
      ])
    }).pipe(Effect.scoped)
  )
})
