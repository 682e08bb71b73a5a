import { NodeCrypto, NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { Provisioner } from "../../src/provisioning/Provisioner.ts"
import { KeyProvider } from "../../src/secret/KeyProvider.ts"
import { testServer } from "../support/Database.ts"
import { uniqueName, withoutRoles } from "../support/Roles.ts"

const key = KeyProvider.layerStatic([Redacted.make(new Uint8Array(32).fill(7))])
const Services = Layer.provideMerge(key, Layer.mergeAll(NodeServices.layer, NodeCrypto.layer))

const provisioner = (credentialsFile?: string) =>
  Provisioner.layer({
    admin: { url: testServer().url, sslMode: "disable" },
    ...(credentialsFile !== undefined && { credentialsFile })
  })

const as = <A, E, R>(url: Redacted.Redacted, use: Effect.Effect<A, E, R>) =>
  use.pipe(
    Effect.provide(ConnectionManager.layer().pipe(Layer.provide(DatabaseConfig.layer({ url, sslMode: "disable" }))), {
      local: true
    })
  )

layer(Services, { excludeTestServices: true })("Provisioner", (it) => {
  it.effect(
    "makes database, roles, extensions, tables and logins on an empty server, and then has nothing to do",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply, plan } = yield* Provisioner
          assert.isAbove((yield* plan({ database })).length, 10)
          const first = yield* apply({ database })
          assert.deepInclude(first.changes, { kind: "database", object: `database ${database}` })
          assert.deepInclude(first.changes, { kind: "extension", object: "extension uuid-ossp" })
          assert.deepStrictEqual(yield* plan({ database }), [])
          const second = yield* apply({ database })
          assert.deepStrictEqual(second.changes, [])
          assert.strictEqual(Redacted.value(second.application.password), Redacted.value(first.application.password))
        })
      ).pipe(Effect.provide(provisioner())),
    60_000
  )

  it.effect(
    "gives the migrator the owner's rights, and the application rows but no schema",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          const { application, migrator } = yield* apply({ database })
          yield* as(
            migrator.url,
            Effect.gen(function* () {
              const sql = yield* SqlClient.SqlClient
              yield* sql`CREATE TABLE public.note (id bigserial PRIMARY KEY, body text)`
              const [row] = yield* sql`SELECT tableowner FROM pg_tables WHERE tablename = 'note'`
              assert.deepStrictEqual(row, { tableowner: `${database}_owner` })
            })
          )
          yield* as(
            application.url,
            Effect.gen(function* () {
              const sql = yield* SqlClient.SqlClient
              yield* sql`INSERT INTO note (body) VALUES ('hello')`
              assert.deepStrictEqual(yield* sql`SELECT body FROM note`, [{ body: "hello" }])
              for (const forbidden of [
                "DROP TABLE note",
                "CREATE TABLE mine (id int)",
                "SELECT * FROM pgkeel.security_keys"
              ]) {
                const error = yield* Effect.flip(DatabaseError.refine(sql.unsafe(forbidden)))
                assert.strictEqual(error.reason._tag, "InsufficientPrivilege", forbidden)
              }
              yield* sql`SELECT count(*) FROM pgkeel.migrations`
            })
          )
        })
      ).pipe(Effect.provide(provisioner())),
    60_000
  )

  it.effect(
    "sets the stored password again when somebody changed the role behind its back",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          const { application } = yield* apply({ database })
          yield* as(
            testServer().url,
            Effect.flatMap(SqlClient.SqlClient, (sql) =>
              sql.unsafe(`ALTER ROLE "${database}_app" PASSWORD 'something else'`)
            )
          )
          const again = yield* apply({ database })
          assert.strictEqual(again.changes.length, 1)
          yield* as(
            application.url,
            Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`)
          )
        })
      ).pipe(Effect.provide(provisioner())),
    60_000
  )

  it.effect(
    "writes the logins into a private file, and leaves it alone the second time",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const files = yield* FileSystem.FileSystem
          const directory = yield* files.makeTempDirectoryScoped()
          const path = `${directory}/.env.credentials`
          const { first, second } = yield* Effect.gen(function* () {
            const { apply } = yield* Provisioner
            return { first: yield* apply({ database }), second: yield* apply({ database }) }
          }).pipe(Effect.provide(provisioner(path)))
          assert.deepInclude(first.changes, { kind: "file", object: path })
          assert.deepStrictEqual(second.changes, [])
          const contents = yield* files.readFileString(path)
          assert.include(contents, "DATABASE_URL=")
          assert.include(contents, "DATABASE_MIGRATOR_URL=")
          assert.strictEqual((yield* files.stat(path)).mode & 0o777, 0o600)
        })
      ).pipe(Effect.scoped),
    60_000
  )

  it.effect(
    "lets one of several at once do the work",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          const reports = yield* Effect.all(
            Array.from({ length: 4 }, () => apply({ database })),
            {
              concurrency: "unbounded"
            }
          )
          assert.strictEqual(reports.filter(({ changes }) => changes.length > 0).length, 1)
          assert.strictEqual(new Set(reports.map(({ application }) => Redacted.value(application.password))).size, 1)
        })
      ).pipe(Effect.provide(provisioner())),
    60_000
  )

  it.effect(
    "works for an administrator who is no superuser, or says what he may not do",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const admin = `${database}_admin`
          yield* as(
            testServer().url,
            Effect.flatMap(SqlClient.SqlClient, (sql) =>
              sql.unsafe(`CREATE ROLE "${admin}" LOGIN CREATEROLE CREATEDB PASSWORD 'of-the-test'`)
            )
          )
          const { host, port } = testServer()
          const url = Redacted.make(`postgres://${admin}:of-the-test@${host}:${port}/postgres?sslmode=disable`)
          const twice = Effect.gen(function* () {
            const { apply } = yield* Provisioner
            return { first: yield* apply({ database }), second: yield* apply({ database }) }
          }).pipe(Effect.provide(Provisioner.layer({ admin: { url } })))
          // Before PostgreSQL 15 the schema public belongs to the superuser, and a GRANT on it is a warning.
          if (testServer().majorVersion < 15) {
            const { message } = yield* Effect.flip(twice)
            assert.include(message, "USAGE on schema public to")
            return
          }
          const { first, second } = yield* twice
          assert.deepInclude(first.changes, { kind: "database", object: `database ${database}` })
          assert.deepStrictEqual(second.changes, [])
          yield* as(
            first.application.url,
            Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`)
          )
        })
      ),
    60_000
  )

  it.effect("refuses names that PostgreSQL would cut off, before it changes anything", () =>
    Effect.gen(function* () {
      const { apply } = yield* Provisioner
      const error = yield* Effect.flip(apply({ database: `${uniqueName()}${"x".repeat(60)}` }))
      assert.strictEqual(error._tag, "ProvisioningError")
      assert.include(error.message, "63 bytes")
    }).pipe(Effect.provide(provisioner()))
  )

  it.effect("says which variable is missing when there is no administrator", () =>
    Effect.gen(function* () {
      const { apply } = yield* Provisioner
      const error = yield* Effect.flip(apply({ database: uniqueName() }))
      assert.include(error.message, "DATABASE_ADMIN_URL")
    }).pipe(Effect.provide(Provisioner.layer()))
  )
})
