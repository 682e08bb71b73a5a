/**
 * Whatever a server says, it is answered by an error with a type: never by a
 * defect, and never by waiting for ever. A run that fails prints the smallest
 * bytes that it has found, and the token that replays them.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Exit, Layer, Redacted, Ref, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import type * as Net from "node:net"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import { ConnectionManager } from "../../src/connection/ConnectionManager.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { rawServer } from "../support/ScriptedServer.ts"
import { reported } from "./driver.ts"
import { ask, authenticated, errorMessage, errorResponse, message } from "./scripted.ts"

const byte = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))

const bytes = (maxLength: number) =>
  Arbitrary.array(byte, { maxLength }).pipe(Arbitrary.map((list) => Buffer.from(list)))

/** Messages of the right length and of kinds that the protocol knows, with anything at all inside. */
const messages = Arbitrary.array(
  Arbitrary.all([Arbitrary.schema(Schema.Literals([..."12345ACDEGHIKNRSTVWZcdnstv"])), bytes(24)]),
  { maxLength: 4 }
).pipe(Arbitrary.map((parts) => Buffer.concat(parts.map(([tag, body]) => message(tag, body)))))

const codes = Schema.Literals([
  "08P01",
  "23505",
  "42601",
  "57014",
  "57P01",
  "28P01",
  "22P02",
  "QQ999",
  "constructor",
  ""
])

/** Error fields as a server sends them, some with a code that is acted on. */
const fields = Arbitrary.schema(
  Schema.Struct({
    C: codes,
    V: Schema.Literals(["ERROR", "FATAL", "PANIC", "LOG", "", "?"]),
    M: Schema.String,
    D: Schema.String,
    P: Schema.Union([Schema.Literals(["1", "0", "-1", "1e9", "x"]), Schema.String]),
    R: Schema.String
  })
).pipe(
  Arbitrary.map((all) =>
    errorResponse(Object.fromEntries(Object.entries(all).map(([key, value]) => [key, value.replaceAll("\0", "")])))
  )
)

const errors = bytes(64).pipe(Arbitrary.map(errorMessage))

/** Encoding loses nothing, so what was made is what the schema describes. */
const isWhole = (error: DatabaseError): boolean => {
  const encoded = JSON.stringify(Schema.encodeSync(DatabaseError)(error))
  const decoded = Schema.decodeUnknownSync(DatabaseError)(JSON.parse(encoded))
  assert.deepStrictEqual({ ...decoded.reason }, { ...error.reason })
  assert.strictEqual(DatabaseError.render(decoded), DatabaseError.render(error))
  return true
}

/** Success is allowed: some bytes are what a server would have said. */
const isTyped = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) ||
  exit.cause.reasons.every(
    (reason) => Cause.isFailReason(reason) && DatabaseError.isDatabaseError(reason.error) && isWhole(reason.error)
  )

const holds = <A>(
  arbitrary: Arbitrary.Arbitrary<A>,
  runs: number,
  property: (value: A) => Effect.Effect<boolean, unknown>
) =>
  Arbitrary.checkEffect(
    arbitrary,
    // What dies or hangs is a counterexample to be shrunk like any other.
    (value) =>
      Effect.exit(property(value)).pipe(
        Effect.timeoutOrElse({ duration: "15 seconds", orElse: () => Effect.succeed(Exit.succeed(false)) }),
        Effect.map((exit) => Exit.isSuccess(exit) && exit.value)
      ),
    { runs }
  ).pipe(Effect.map((result) => assert.isUndefined(Arbitrary.formatCheckFailure(result))))

/** A server whose answers are set before each question. */
const server = (converse: (socket: Net.Socket, answer: Uint8Array) => void) =>
  Effect.gen(function* () {
    const answer = yield* Ref.make<Uint8Array>(new Uint8Array())
    const { connections, port } = yield* rawServer((socket) => converse(socket, Effect.runSync(Ref.get(answer))))
    return { port, connections, say: (value: Uint8Array) => Ref.set(answer, value) }
  })

const toConnecting = server((socket, answer) => socket.once("data", () => socket.end(answer)))

const toStatements = server((socket, answer) =>
  socket.once("data", () => {
    socket.write(authenticated)
    socket.once("data", () => socket.end(answer))
  })
)

const kinds: ReadonlyArray<readonly [string, Arbitrary.Arbitrary<Uint8Array>]> = [
  ["any bytes", bytes(48)],
  ["any messages", messages],
  ["any body of an ErrorResponse", errors],
  ["any fields of an ErrorResponse", fields]
]

describe("an error with a type", () => {
  for (const [kind, arbitrary] of kinds) {
    it.live(`is the answer to ${kind} when connecting`, () =>
      Effect.gen(function* () {
        const { port, say } = yield* toConnecting
        yield* holds(arbitrary, 40, (answer) =>
          Effect.andThen(say(answer), Effect.map(Effect.exit(DatabaseError.refine(ask({ port }))), isTyped))
        )
      }).pipe(Effect.scoped)
    )

    it.live(`is the answer to ${kind} about a statement`, () =>
      Effect.gen(function* () {
        const { port, say } = yield* toStatements
        yield* holds(arbitrary, 40, (answer) =>
          Effect.andThen(say(answer), Effect.map(Effect.exit(DatabaseError.refine(ask({ port }))), isTyped))
        )
      }).pipe(Effect.scoped)
    )

    it.live(`is the answer to ${kind} about a pool's statement and transaction`, () =>
      Effect.gen(function* () {
        const { connections, port, say } = yield* toStatements
        const pool = ConnectionManager.layer().pipe(
          Layer.provide(
            DatabaseConfig.layer({
              url: Redacted.make(`postgres://u:p@127.0.0.1:${port}/d?sslmode=disable`),
              maxConnections: 1,
              outcomeTimeout: "10 millis"
            })
          ),
          Layer.provide(NodeServices.layer)
        )
        yield* Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* holds(arbitrary, 20, (answer) =>
            Effect.gen(function* () {
              yield* say(answer)
              const alone = yield* Effect.exit(DatabaseError.refine(sql`SELECT 1`))
              const inside = yield* Effect.exit(DatabaseError.refine(sql.withTransaction(sql`SELECT 1`)))
              return isTyped(alone) && isTyped(inside)
            })
          )
        }).pipe(Effect.provide(pool))
        // Nobody was turned away before it came to an answer.
        assert.isAtLeast(connections(), 20)
      }).pipe(Effect.scoped)
    )
  }

  it.live("is the answer to a server that falls silent when connecting", () =>
    Effect.gen(function* () {
      const { port, say } = yield* server((socket, answer) => socket.once("data", () => socket.write(answer)))
      yield* holds(messages, 10, (answer) =>
        Effect.andThen(
          say(answer),
          Effect.map(Effect.exit(DatabaseError.refine(ask({ port }, { connectTimeout: "20 millis" }))), isTyped)
        )
      )
    }).pipe(Effect.scoped)
  )

  it.live("is made of any fields and of any cause", () =>
    Effect.gen(function* () {
      const texts = Arbitrary.schema(Schema.Record(Schema.String, Schema.String))
      yield* holds(texts, 150, (value) => Effect.sync(() => isWhole(DatabaseError.fromSqlError(reported(value)))))
      const causes = Arbitrary.schema(Schema.Json)
      yield* holds(causes, 150, (cause) =>
        Effect.sync(() => isWhole(DatabaseError.fromSqlError(new SqlError({ reason: new UnknownError({ cause }) }))))
      )
    })
  )
})
