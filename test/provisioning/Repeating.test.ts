/** Repeating changes nothing: looked up on the server and in the file, whatever the report says. */
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, type Layer } from "effect"
import { readFileSync, statSync } from "node:fs"
import { Provisioner } from "../../src/provisioning/Provisioner.ts"
import { testServer } from "../support/Database.ts"
import { withoutRoles } from "../support/Roles.ts"
import { serverState } from "./serverState.ts"
import { provisioner, Services, withPlainAdministrator } from "./support.ts"

const fileState = (path: string) => {
  const { ctimeNs, ino, mode, mtimeNs, uid } = statSync(path, { bigint: true })
  return { contents: readFileSync(path, "utf8"), ctimeNs, ino, mode, mtimeNs, uid }
}

/** The server and the file after the first time, and after two more with a provisioner of its own each. */
const repeated = Effect.fnUntraced(function* <E, R>(
  database: string,
  file: string,
  provisioner: Layer.Layer<Provisioner, E, R>
) {
  const apply = Effect.flatMap(Provisioner, ({ apply }) => apply({ database })).pipe(
    Effect.provide(provisioner, { local: true })
  )
  const look = Effect.map(serverState(database), (server) => ({ server, file: fileState(file) }))
  assert.isNotEmpty((yield* apply).changes)
  const before = yield* look
  const reports = [yield* apply, yield* apply]
  return { before, after: yield* look, changes: reports.flatMap(({ changes }) => changes) }
})

const temporaryFile = Effect.flatMap(FileSystem.FileSystem, (files) =>
  Effect.map(files.makeTempDirectoryScoped(), (directory) => `${directory}/.env.credentials`)
)

layer(Services, { excludeTestServices: true })("Provisioning again", (it) => {
  it.effect("writes no row and no file", () =>
    withoutRoles((database) =>
      Effect.gen(function* () {
        const file = yield* temporaryFile
        const { after, before, changes } = yield* repeated(database, file, provisioner(file))
        const { server } = before
        assert.deepStrictEqual(
          server["pgkeel.security_keys"]?.map(({ contents }) => [contents["name"], contents["version"]]),
          [
            ["application", 1],
            ["migrator", 1]
          ]
        )
        assert.deepStrictEqual(server["pg_extension"]?.map(({ contents }) => contents["extname"]).toSorted(), [
          "pgcrypto",
          "plpgsql",
          "uuid-ossp"
        ])
        for (const [table, rows] of Object.entries(server)) {
          assert.isNotEmpty(rows, table)
          assert.deepStrictEqual(after.server[table], rows, table)
        }
        assert.deepStrictEqual(after.file, before.file)
        assert.deepStrictEqual(changes, [])
      })
    ).pipe(Effect.scoped)
  )

  // Who is no superuser cannot read verifiers, so it cannot be seen whether somebody has changed a role's.
  // Before PostgreSQL 15 the schema public belongs to the superuser, and the first time fails.
  it.effect.skipIf(testServer().majorVersion < 15)(
    "writes nothing either as an administrator who cannot read the roles' verifiers (PostgreSQL 15 and later)",
    () =>
      withoutRoles((database) =>
        Effect.gen(function* () {
          const file = yield* temporaryFile
          const plain = yield* withPlainAdministrator(database, file)
          const { after, before, changes } = yield* repeated(database, file, plain)
          assert.deepStrictEqual(after, before)
          assert.deepStrictEqual(changes, [])
        })
      ).pipe(Effect.scoped)
  )
})
