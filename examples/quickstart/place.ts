/**
 * The server that the quickstart runs on, the key that seals the passwords which
 * it generates there, and what is left of both when it is over.
 *
 * A key has to last as long as what it opens: as long as the run on a server that
 * goes with it, beside the data where those are kept, and for a server of yours
 * under the user's own state, which no reboot empties as it does a temporary
 * directory.
 */
import { Context, Effect, FileSystem, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { homedir, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { ConnectionManager, DatabaseConfig, DatabaseError, KeyProvider } from "pgkeel"
import type { SecretError } from "pgkeel"
import type { ProvisioningFailure } from "pgkeel/provisioning/Provisioner"
import { EmbeddedPostgres } from "pgkeel/testing"

export const database = "pgkeel_demo"

/** What there is to do about it is in the message. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}

const removal = [
  `DROP DATABASE IF EXISTS ${database} WITH (FORCE);`,
  `DROP ROLE IF EXISTS ${["app", "migrator", "owner"].map((role) => `${database}_${role}`).join(", ")};`
]

const shell = (path: string): string => (/^[\w/.-]+$/u.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)

/** Gone afterwards with its key, or kept in a directory; an empty name stands for the usual one. */
export const embedded = Effect.fnUntraced(function* (keep: string | undefined) {
  const usual = join(tmpdir(), `pgkeel-quickstart-${process.getuid?.() ?? "user"}`)
  const directory = keep === undefined ? undefined : resolve(keep === "" ? usual : keep)
  const options = directory === undefined ? {} : { dataDirectory: join(directory, "data") }
  const context = yield* Layer.build(EmbeddedPostgres.layer(options))
  const { port, url, version } = Context.get(context, EmbeddedPostgres)
  const what = `PostgreSQL ${version} embedded, on port ${port}`
  if (directory === undefined) {
    const key = KeyProvider.layerStatic([Redacted.make(crypto.getRandomValues(new Uint8Array(32)))])
    return { url, what, key, leaves: [], recover: (error: Failure) => error }
  }
  const key = KeyProvider.layerFile(join(directory, "key"), { create: true })
  const leaves = [
    `Kept in ${directory}: the server's data, and the key of its passwords. The same --keep goes on there;`,
    `rm -r ${shell(directory)} removes them.`
  ]
  return { url, what, key, leaves, recover: (error: Failure) => error }
})

const administrators =
  "the quickstart makes a database and roles: give DATABASE_URL the login of an administrator, " +
  "a superuser or, from PostgreSQL 15 on, a role with CREATEDB and CREATEROLE"

interface Facts {
  readonly administrator: boolean
  readonly provisioned: boolean
}

/**
 * The first line of the quickstart says that this was answered. Before PostgreSQL 15 the
 * schema public of a new database belongs to the superuser, who alone may grant it.
 */
const ask = Effect.gen(function* () {
  const { role, version, versionNumber } = yield* (yield* ConnectionManager).connect
  const sql = yield* SqlClient.SqlClient
  const [facts] = yield* sql<Facts>`
    SELECT rolsuper OR (rolcreatedb AND rolcreaterole AND ${versionNumber >= 150_000}) AS administrator,
      EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = ${database}) AS provisioned
    FROM pg_catalog.pg_roles WHERE rolname = current_user`.pipe(DatabaseError.refine)
  if (facts?.administrator !== true) {
    return yield* new Refused({ message: `"${role}" may not create databases and roles; ${administrators}` })
  }
  return { provisioned: facts.provisioned, version }
})

/** Yours. It has to answer, and an earlier run's passwords need the key that they were sealed with. */
export const yours = Effect.gen(function* () {
  // Read as an application would read it, so that what is wrong with it is said of the variable.
  const settings = yield* DatabaseConfig.load({ startTimeout: "5 seconds" })
  const client = ConnectionManager.layer().pipe(Layer.provide(Layer.succeed(DatabaseConfig, settings)))
  const { provisioned, version } = yield* Effect.provide(ask, client)
  const path = join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "pgkeel", "quickstart.key")
  if (provisioned && !(yield* (yield* FileSystem.FileSystem).exists(path))) return yield* keyMissing(path)
  const key = yield* Layer.build(KeyProvider.layerFile(path, { create: true })).pipe(
    Effect.mapError(({ message }) => new Refused({ message: `${message}; or set XDG_STATE_HOME to another directory` }))
  )
  return {
    url: Redacted.make(process.env["DATABASE_URL"] ?? ""),
    what: `yours, PostgreSQL ${version} at ${settings.host}:${settings.port}`,
    key: Layer.succeedContext(key),
    leaves: [
      `Left on your server: the database ${database} and the roles ${database}_app, ${database}_migrator`,
      `and ${database}_owner. The key of their passwords is ${path}. To remove all of it:`,
      "",
      ...[...removal, `rm ${shell(path)}`].map((line) => `  ${line}`)
    ],
    recover: recover(path)
  }
})

const keyMissing = (path: string) =>
  new Refused({
    message:
      `the passwords of the database ${database} were sealed by an earlier run, and their key is not in ${path}: ` +
      `put that back, or begin anew after\n\n${removal.map((statement) => `    ${statement}`).join("\n")}\n`
  })

type Failure = ProvisioningFailure | SecretError

/** Says more where it is known what to do about a server that is not the quickstart's own. */
const recover =
  (path: string) =>
  (error: Failure): Failure | Refused => {
    switch ("reason" in error ? error.reason._tag : undefined) {
      case "KeyUnavailable":
        return new Refused({ message: `${error.message} in ${path}, or remove what is listed above` })
      case "NotEstablished":
      case "InsufficientPrivilege":
        return new Refused({ message: `${error.message}; ${administrators}` })
      default:
        return error
    }
  }
