import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Backfill from "../../src/migration/Backfill.ts"
import { Provisioner } from "../../src/provisioning/Provisioner.ts"
import { LoginSource } from "../../src/secret/LoginSource.ts"
import { testServer } from "../support/Database.ts"
import { uniqueName, withoutRoles } from "../support/Roles.ts"
import { as, Services, provisioner, withPlainAdministrator } from "./support.ts"

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
          for (const extension of ["pgcrypto", "uuid-ossp"])
            assert.deepInclude(first.changes, { kind: "extension", object: `extension ${extension}` })
          assert.deepStrictEqual(yield* plan({ database }), [])
          const second = yield* apply({ database })
          assert.deepStrictEqual(second.changes, [])
          assert.strictEqual(Redacted.value(second.application.password), Redacted.value(first.application.password))
        })
      ).pipe(Effect.provide(provisioner())),
    120_000
  )

  it.effect(
    "lets the migrator and the application log in, and nobody as the owner",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          yield* apply({ database })
          const rows = yield* as(
            testServer().url,
            Effect.flatMap(
              SqlClient.SqlClient,
              (
                sql
              ) => sql`SELECT rolname AS role, rolcanlogin AS login, rolsuper OR rolcreaterole OR rolcreatedb AS more
                FROM pg_roles WHERE rolname LIKE ${`${database}%`} ORDER BY rolname`
            )
          )
          assert.deepStrictEqual(rows, [
            { role: `${database}_app`, login: true, more: false },
            { role: `${database}_migrator`, login: true, more: false },
            { role: `${database}_owner`, login: false, more: false }
          ])
        })
      ).pipe(Effect.provide(provisioner())),
    120_000
  )

  it.effect(
    "gives the application's role the functions of pgcrypto and uuid-ossp",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          const { application } = yield* apply({ database })
          const [row] = yield* as(
            application.url,
            Effect.flatMap(
              SqlClient.SqlClient,
              (sql) =>
                sql`SELECT encode(digest('abc', 'md5'), 'hex') AS digest, length(uuid_generate_v4()::text) AS length`
            )
          )
          assert.deepStrictEqual(row, { digest: "900150983cd24fb0d6963f7d28e17f72", length: 36 })
        })
      ).pipe(Effect.provide(provisioner())),
    120_000
  )

  it.effect(
    "logs in as the administrator, whatever login the application around it has",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          assert.isNotEmpty((yield* apply({ database })).changes)
        })
      ).pipe(
        Effect.provide(provisioner()),
        Effect.provide(LoginSource.layerStatic({ username: "nobody", password: Redacted.make("nothing") }))
      ),
    120_000
  )

  it.effect(
    "lets the application run a backfill, which without what it gives for that is refused",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          const { application, migrator } = yield* apply({ database })
          const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))
          yield* as(migrator.url, run("CREATE TABLE note (id int PRIMARY KEY, body text)"))
          const backfill = Backfill.run({
            name: "notes",
            table: "note",
            update: ({ where }) =>
              Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE note SET body = 'new' WHERE ${where()}`)
          })
          yield* as(application.url, run("INSERT INTO note VALUES (1)"))
          assert.strictEqual((yield* as(application.url, backfill)).rows, 1)
          yield* as(migrator.url, run(`REVOKE INSERT ON pgkeel.backfills FROM ${database}_app`))
          const error = yield* as(application.url, Effect.flip(backfill))
          assert(error._tag === "MigrationError" && error.reason._tag === "BackfillRefused")
          assert.include(error.message, "its login may not keep the place in pgkeel.backfills; provision the database")
          const { changes } = yield* apply({ database })
          const object = `INSERT on table pgkeel.backfills to ${database}_app`
          assert.deepStrictEqual(changes, [{ kind: "grant", object }])
        })
      ).pipe(Effect.provide(provisioner())),
    120_000
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
    120_000
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
    120_000
  )

  it.effect(
    "takes from PUBLIC again what somebody gave to it: anything on the database, and CREATE in the schema public",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const { apply } = yield* Provisioner
          yield* apply({ database })
          const url = new URL(Redacted.value(testServer().url))
          url.pathname = database
          const inDatabase = (...statements: ReadonlyArray<string>) =>
            as(
              Redacted.make(url.href),
              Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.forEach(statements, (text) => sql.unsafe(text)))
            )
          const rights = `SELECT
            (SELECT count(*)::int FROM pg_database, aclexplode(datacl) WHERE datname = '${database}' AND grantee = 0)
              AS database,
            (SELECT array_agg(privilege_type ORDER BY 1) FROM pg_namespace, aclexplode(nspacl)
              WHERE nspname = 'public' AND grantee = 0) AS schema`
          const ours = [{ database: 0, schema: ["USAGE"] }]
          assert.deepStrictEqual(yield* inDatabase(rights), [ours])
          yield* inDatabase(
            `GRANT CONNECT ON DATABASE "${database}" TO PUBLIC`,
            "GRANT CREATE ON SCHEMA public TO PUBLIC"
          )
          assert.deepStrictEqual((yield* apply({ database })).changes, [
            { kind: "grant", object: `nothing on database ${database} to PUBLIC` },
            { kind: "grant", object: "no CREATE on schema public to PUBLIC" }
          ])
          assert.deepStrictEqual(yield* inDatabase(rights), [ours])
        })
      ).pipe(Effect.provide(provisioner())),
    120_000
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
    120_000
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
    120_000
  )

  it.effect(
    "works for an administrator who is no superuser, or says what he may not do",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const administrator = yield* withPlainAdministrator(database)
          const twice = Effect.gen(function* () {
            const { apply } = yield* Provisioner
            return { first: yield* apply({ database }), second: yield* apply({ database }) }
          }).pipe(Effect.provide(administrator))
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
    120_000
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
