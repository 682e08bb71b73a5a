/** What can go wrong before a server takes a statement. */
import { assert, layer } from "@effect/vitest"
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import type * as Net from "node:net"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import type { Reason } from "../../src/error/Reason.ts"
import { isConnectionRetryable } from "../../src/error/Retry.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { freshDatabase } from "../support/Database.ts"
import { rawServer } from "../support/ScriptedServer.ts"
import { errorResponse } from "./scripted.ts"

/** Tries to connect with the test database's options and some others, and says why it failed. */
const refusal = (change: Partial<PgConnection.Config>) =>
  Effect.gen(function* () {
    const { host, name, password, port, username } = yield* TestDatabase
    const attempt = PgConnection.make({ host, port, database: name, username, password, ...change })
    return DatabaseError.fromSqlError(yield* Effect.flip(Effect.scoped(attempt)))
  })

const expectRefusal = <K extends Reason["_tag"]>(change: Partial<PgConnection.Config>, tag: K, retryable: boolean) =>
  Effect.map(refusal(change), (error) => {
    assert.strictEqual(error.reason._tag, tag, error.message)
    assert.strictEqual(isConnectionRetryable(error), retryable)
    assert.strictEqual(error.reason.phase, "connecting")
    return error.reason as Extract<Reason, { readonly _tag: K }>
  })

/** A server that answers each connection as it is told. */
const scripted = (answer: (socket: Net.Socket) => void) =>
  Effect.map(rawServer(answer), ({ port }) => ({ host: "127.0.0.1", port }))

layer(freshDatabase(), { excludeTestServices: true })("connecting", (it) => {
  it.effect("with a wrong password or an unknown user is refused for good", () =>
    Effect.gen(function* () {
      const wrong = yield* expectRefusal({ password: Redacted.make("hunter2") }, "AuthenticationFailed", false)
      assert.strictEqual(wrong.sqlState, "28P01")
      assert.notInclude(JSON.stringify(wrong), "hunter2")
      yield* expectRefusal({ username: "nobody_here" }, "AuthenticationFailed", false)
    })
  )

  it.effect("to a database that does not exist is refused for good", () =>
    expectRefusal({ database: "no_such_database" }, "DatabaseMissing", false)
  )

  it.effect("to a closed port is worth another try", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(scripted(() => undefined))
      const reason = yield* expectRefusal({ host: "127.0.0.1", port }, "ConnectionRefused", true)
      assert.deepInclude(reason, { host: "127.0.0.1", port, systemCode: "ECONNREFUSED" })
      yield* expectRefusal({ host: "localhost", port }, "ConnectionRefused", true)
      yield* expectRefusal({ path: "/tmp/no/such/.s.PGSQL.1" }, "ConnectionRefused", true)
    })
  )

  it.effect("to a name without an address is worth another try", () =>
    Effect.map(expectRefusal({ host: "host.invalid" }, "HostNotFound", true), ({ host, message }) => {
      assert.strictEqual(host, "host.invalid")
      assert.include(message, "host.invalid")
    })
  )

  it.effect("to something that speaks another protocol says that it is not PostgreSQL", () =>
    Effect.gen(function* () {
      const http = yield* scripted((socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
      })
      yield* expectRefusal(http, "NotPostgres", false)
      yield* expectRefusal({ ...http, ssl: true }, "NotPostgres", false)
      const ssh = yield* scripted((socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n"))
      yield* expectRefusal(ssh, "NotPostgres", false)
    })
  )

  it.effect("with TLS to a server that has none is refused for good", () =>
    Effect.gen(function* () {
      const plain = yield* scripted((socket) => socket.once("data", () => socket.write("N")))
      yield* expectRefusal({ ...plain, ssl: true }, "TlsFailure", false)
    })
  )

  it.effect("to a server that does not answer times out", () =>
    Effect.gen(function* () {
      const silent = yield* scripted(() => undefined)
      yield* expectRefusal({ ...silent, connectTimeout: "80 millis" }, "ConnectTimeout", true)
    })
  )

  it.effect("to a server that hangs up is worth another try", () =>
    Effect.gen(function* () {
      const closing = yield* scripted((socket) => socket.end())
      yield* expectRefusal(closing, "ConnectionLost", true)
      const resetting = yield* scripted((socket) => socket.once("data", () => socket.resetAndDestroy()))
      yield* expectRefusal(resetting, "ConnectionLost", true)
    })
  )

  it.effect("to a server that starts, or to a full one, is worth another try", () =>
    Effect.gen(function* () {
      const starting = yield* scripted((socket) =>
        socket.once("data", () => socket.end(errorResponse({ S: "FATAL", V: "FATAL", C: "57P03", M: "starting up" })))
      )
      yield* expectRefusal(starting, "ServerStarting", true)
      const full = yield* scripted((socket) =>
        socket.once("data", () =>
          socket.end(errorResponse({ S: "FATAL", C: "08P01", M: "no more connections allowed" }))
        )
      )
      yield* expectRefusal(full, "TooManyConnections", true)
    })
  )

  it.effect(
    "with a setting that the server does not know, or in a way that it does not take, is refused for good",
    () =>
      Effect.gen(function* () {
        const unknown = yield* expectRefusal({ startupParameters: { no_such: "1" } }, "InvalidConnectionOptions", false)
        assert.include(unknown.message, "no_such")
        yield* expectRefusal({ startupParameters: { work_mem: "many" } }, "InvalidConnectionOptions", false)
      })
  )

  it.effect("by a malformed URL is refused before anything is sent, without showing it", () =>
    Effect.gen(function* () {
      for (const url of [
        "postgres://u:hunter2@h:port/d",
        "mysql://u:hunter2@h/d",
        "postgres://u:hunter2@h/d?sslmode=x"
      ]) {
        const error = DatabaseError.fromSqlError(
          yield* Effect.flip(Effect.scoped(PgConnection.make({ url: Redacted.make(url) })))
        )
        assert.strictEqual(error.reason._tag, "InvalidConnectionOptions")
        assert.isFalse(isConnectionRetryable(error))
        assert.notInclude(JSON.stringify(error), "hunter2")
      }
    })
  )

  it.effect("and then sending a parameter that has no type fails at the parameter", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      const connection = yield* PgConnection.make({ url })
      const secret = { toString: () => "hunter2" }
      const error = DatabaseError.fromSqlError(yield* Effect.flip(connection.query("SELECT $1", [secret])))
      assert.strictEqual(error.reason._tag, "InvalidParameter")
      assert.notInclude(JSON.stringify(error), "hunter2")
      assert.strictEqual(error.connectionLost, false)
    })
  )
})
