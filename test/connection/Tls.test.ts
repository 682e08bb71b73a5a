import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import { PgClient } from "@effect/sql-pg"
import { execFileSync } from "node:child_process"
import { statSync } from "node:fs"
import type { SslMode } from "../../src/config/Settings.ts"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { rawServer } from "../support/ScriptedServer.ts"
import { connecting, refused, withManager } from "./support.ts"

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

/** A certificate for localhost that nobody has signed but itself. */
const selfSigned = (certificate: string, key: string, name: string) =>
  Effect.sync(() => {
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", `/CN=${name}`]
    execFileSync(
      "openssl",
      [...request, "-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", certificate],
      {
        stdio: "ignore"
      }
    )
  })

interface TlsServer {
  readonly port: number
  readonly password: Redacted.Redacted
  readonly certificate: string
  /** Of somebody else, for the same name. */
  readonly otherCertificate: string
  readonly setTls: (on: boolean) => Effect.Effect<void>
}

class Server extends Context.Service<Server, TlsServer>()("pgkeel/test/TlsServer") {
  static readonly layer = Layer.effect(
    Server,
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const { dataDirectory, password, port, url } = yield* EmbeddedPostgres
      const [certificate, key] = [`${dataDirectory}/server.crt`, `${dataDirectory}/server.key`]
      const elsewhere = yield* files.makeTempDirectoryScoped()
      yield* selfSigned(certificate, key, "localhost")
      yield* selfSigned(`${elsewhere}/other.crt`, `${elsewhere}/other.key`, "localhost")
      // The server reads its key only when it is its own and nobody else's.
      const { gid, uid } = statSync(dataDirectory)
      for (const path of [certificate, key]) yield* files.chown(path, uid, gid)
      yield* files.chmod(key, 0o600)
      const sql = yield* PgClient.make({ url, maxConnections: 1 })
      const setTls = (on: boolean) =>
        Effect.orDie(
          Effect.gen(function* () {
            yield* sql.unsafe(`ALTER SYSTEM SET ssl = ${on ? "on" : "off"}`)
            yield* sql`SELECT pg_reload_conf()`
            const current = sql<{ ssl: string }>`SELECT current_setting('ssl') AS ssl`
            while ((yield* current)[0]?.ssl !== (on ? "on" : "off")) yield* Effect.sleep("5 millis")
          })
        )
      return {
        port,
        password,
        setTls,
        certificate: yield* files.readFileString(certificate),
        otherCertificate: yield* files.readFileString(`${elsewhere}/other.crt`)
      }
    })
  ).pipe(Layer.provide([EmbeddedPostgres.layer(chosenServer()), NodeFileSystem.layer, Reactivity.layer]))
}

const target = (host: string) =>
  Effect.map(Server, ({ password, port }) => ({ host, port, password, username: "postgres", database: "postgres" }))

/** Whether the session is encrypted, asked of the server. */
const encrypted = (sslMode: SslMode, options: { readonly host?: string; readonly rootCertificate?: string } = {}) =>
  Effect.gen(function* () {
    const { host = "localhost", ...rest } = options
    return yield* withManager(
      yield* target(host),
      { sslMode, ...rest },
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ ssl: boolean }>`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
        return row?.ssl
      })
    )
  })

const failure = (sslMode: SslMode, options: { readonly host?: string; readonly rootCertificate?: string } = {}) =>
  Effect.gen(function* () {
    const { host = "localhost", ...rest } = options
    const { error, states } = yield* refused(yield* target(host), { sslMode, ...rest })
    assert.strictEqual(error.reason._tag, "TlsFailure", error.message)
    assert.deepStrictEqual(states, ["Initializing", "Failed"])
    return error.reason
  })

// Certificates are made with openssl, which not every machine has.
describe.skipIf(!hasOpenssl)("With openssl", () => {
  layer(Server.layer, { excludeTestServices: true, timeout: "60 seconds" })(
    "A server with a certificate of its own",
    (it) => {
      it.effect("is taken as it is with require, and not encrypted with disable", () =>
        Effect.gen(function* () {
          const { setTls } = yield* Server
          yield* setTls(true)
          assert.isTrue(yield* encrypted("require"))
          assert.isFalse(yield* encrypted("disable"))
        })
      )

      it.effect("is refused with verify-full, with verify-ca and with prefer while nobody vouches for it", () =>
        Effect.gen(function* () {
          const { otherCertificate, setTls } = yield* Server
          yield* setTls(true)
          for (const mode of ["verify-full", "verify-ca", "prefer"] as const) {
            assert.include((yield* failure(mode)).message, "self-signed certificate")
          }
          for (const mode of ["verify-full", "verify-ca", "require"] as const) {
            yield* failure(mode, { rootCertificate: otherCertificate })
          }
        })
      )

      it.effect("is accepted with verify-full under its own name alone, and with verify-ca under any", () =>
        Effect.gen(function* () {
          const { certificate: rootCertificate, setTls } = yield* Server
          yield* setTls(true)
          assert.isTrue(yield* encrypted("verify-full", { rootCertificate }))
          yield* failure("verify-full", { rootCertificate, host: "127.0.0.1" })
          assert.isTrue(yield* encrypted("verify-ca", { rootCertificate, host: "127.0.0.1" }))
          assert.isTrue(yield* encrypted("require", { rootCertificate, host: "127.0.0.1" }))
        })
      )

      it.effect("may be without TLS for prefer, and for nothing stricter", () =>
        Effect.gen(function* () {
          const { setTls } = yield* Server
          yield* setTls(false)
          assert.isFalse(yield* encrypted("prefer"))
          for (const mode of ["require", "verify-ca", "verify-full"] as const) {
            assert.include((yield* failure(mode)).message, "does not support TLS")
          }
        })
      )
    }
  )
})

layer(Layer.empty, { excludeTestServices: true })("A server without TLS", (it) => {
  it.effect("is asked once by require, and not again", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((socket) => socket.once("data", () => socket.write("N")))
      const { error } = yield* refused(server, { sslMode: "require" })
      assert.strictEqual(error.reason._tag, "TlsFailure")
      assert.strictEqual(server.connections(), 1)
      const { exit } = yield* connecting(server, { sslMode: "verify-full" })
      assert.strictEqual(exit._tag, "Failure")
    }).pipe(Effect.scoped)
  )
})
