import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted, References, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { connect } from "node:net"
import { Duplex, Transform } from "node:stream"
import { inspect } from "node:util"
import { CredentialManager } from "../../src/credential/CredentialManager.ts"
import * as ScramVerifier from "../../src/credential/ScramVerifier.ts"
import { TestDatabase } from "../../src/testing/index.ts"
import { createRole, Database, logsIn } from "./fixture.ts"

const planted = "planted-p4ssword-Zq7"

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A client whose every byte, both ways, is kept; the server is asked to send along what it would log. */
const recorded = Effect.gen(function* () {
  const database = yield* TestDatabase
  const chunks: Array<Buffer> = []
  const tap = () =>
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk)
        done(null, chunk)
      }
    })
  const stream = () => {
    const socket = connect({ host: database.host, port: database.port })
    const [sent, received] = [tap(), tap()]
    // The server may reset the connection behind the client's farewell.
    socket.on("error", (cause) => received.destroy(cause))
    sent.pipe(socket).pipe(received)
    return Duplex.from({ writable: sent, readable: received })
  }
  const context = yield* Layer.build(
    PgClient.layer({
      stream,
      database: database.name,
      username: database.username,
      password: database.password,
      startupParameters: { client_min_messages: "log", log_statement: "all", log_min_duration_statement: "0" }
    })
  )
  return { context, text: () => Buffer.concat(chunks).toString("latin1") }
})

/** Everything that a program says: its log lines at every level, and its spans with their attributes and events. */
const observed = () => {
  const said: Array<unknown> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      said.push(span)
      return span
    }
  })
  const observe = Layer.mergeAll(
    Logger.layer([Logger.make((options) => void said.push({ message: options.message, cause: options.cause }))]),
    Layer.succeed(References.MinimumLogLevel, "All"),
    Layer.succeed(Tracer.Tracer, tracer)
  )
  return { observe, text: () => inspect(said, { depth: 12, maxArrayLength: null, maxStringLength: null }) }
}

/** What is in the verifier of `role` and nowhere else. */
const verifierOf = (role: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{
      verifier: string
    }>`SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = ${role}`
    const verifier = row?.verifier ?? ""
    yield* ScramVerifier.parse(Redacted.make(verifier))
    return verifier.split("$")[2] ?? ""
  })

layer(Database, { excludeTestServices: true })("A planted password", (it) => {
  it.effect("does not cross the wire, and its verifier is in no statement, statistic, span or log line", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`
      const role = yield* createRole("planted")
      const wire = yield* recorded
      const program = observed()
      const results = yield* Effect.gen(function* () {
        const manager = yield* CredentialManager
        const stored = yield* manager.store({ name: "planted", role, password: Redacted.make(planted) })
        const resolved = yield* manager.resolve("planted")
        yield* Effect.logInfo("resolved", resolved)
        return { stored, resolved, verified: yield* manager.verify("planted") }
      }).pipe(
        Effect.provide(Layer.fresh(CredentialManager.layer)),
        Effect.provide(wire.context),
        Effect.provide(program.observe)
      )
      assert.strictEqual(results.verified, "match")
      assert.isTrue(yield* logsIn(results.resolved))
      const verifier = yield* verifierOf(role)

      const logged = (wire.text().match(/VLOG\0C00000\0M[^\0]*/g) ?? []).join("\n")
      assert.match(logged, /execute .*INSERT INTO "pgkeel"/, "the server's log must have been sent along")
      assert.notInclude(wire.text(), planted)

      assert.include(program.text(), "CredentialManager.store")
      const rendered = program.text() + inspect(results, { depth: 9, showHidden: true }) + JSON.stringify(results)
      const activity = yield* sql`SELECT query FROM pg_stat_activity`
      const statistics = yield* sql`SELECT query FROM pg_stat_statements`
      assert.include(JSON.stringify(statistics), "security_keys")
      for (const text of [rendered, logged, JSON.stringify(activity), JSON.stringify(statistics)]) {
        assert.notInclude(text, planted)
        assert.notInclude(text, verifier)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("is in no error, and nor is its verifier, when the server refuses the change", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const role = yield* createRole("refused")
      const limited = yield* createRole("limited")
      yield* sql.unsafe(`GRANT USAGE ON SCHEMA pgkeel TO ${quoted(limited)}`)
      yield* sql.unsafe(`GRANT ALL ON pgkeel.security_keys TO ${quoted(limited)}`)
      const wire = yield* recorded
      const program = observed()
      const error = yield* Effect.gen(function* () {
        const own = yield* SqlClient.SqlClient
        const manager = yield* CredentialManager
        const store = manager.store({ name: "refused", role, password: Redacted.make(planted) })
        return yield* Effect.flip(
          own.withTransaction(Effect.andThen(own.unsafe(`SET LOCAL ROLE ${quoted(limited)}`), store))
        )
      }).pipe(
        Effect.tapError((cause) => Effect.logError("refused", cause)),
        Effect.provide(Layer.fresh(CredentialManager.layer)),
        Effect.provide(wire.context),
        Effect.provide(program.observe)
      )
      assert.strictEqual(error._tag, "DatabaseError")
      assert.strictEqual(error.reason._tag, "InsufficientPrivilege")
      const rendered = inspect(error, { depth: 12, showHidden: true }) + JSON.stringify(error) + program.text()
      assert.notInclude(rendered, planted)
      assert.notInclude(rendered, "SCRAM-SHA-256")
      assert.notInclude(wire.text(), planted)
      assert.notMatch(wire.text(), /ALTER ROLE [^%]*SCRAM-SHA-256/)
    }).pipe(Effect.scoped)
  )
})
