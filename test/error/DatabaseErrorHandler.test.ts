import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric, References } from "effect"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import { ActiveSession, noteSession } from "../../src/error/ActiveSession.ts"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { DatabaseErrorHandler } from "../../src/error/DatabaseErrorHandler.ts"
import * as Reason from "../../src/error/Reason.ts"
import * as Retry from "../../src/error/Retry.ts"
import { Session } from "../../src/session/Session.ts"
import { bare } from "./samples.ts"

interface Entry {
  readonly level: string
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
}

/** The handler, and what it logs. */
const withLog = (options: Parameters<typeof DatabaseErrorHandler.layerOptions>[0] = {}) => {
  const entries: Array<Entry> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    entries.push({ level: logLevel, message, annotations: fiber.getRef(References.CurrentLogAnnotations) })
  })
  return { entries, layer: Layer.merge(DatabaseErrorHandler.layerOptions(options), Logger.layer([logger])) }
}

const deadlock = new SqlError({
  reason: new UnknownError({
    cause: Object.assign(new Error("deadlock detected"), { severityUnlocalized: "ERROR", code: "40P01" })
  })
})

describe("DatabaseErrorHandler", () => {
  it.effect("names any failure", () =>
    Effect.gen(function* () {
      const { classify } = yield* DatabaseErrorHandler
      const error = new DatabaseError({ reason: new Reason.DiskFull({}) })
      assert.strictEqual(classify(error), error)
      assert.strictEqual(classify(error.reason).reason, error.reason)
      assert.strictEqual(classify(deadlock).reason._tag, "DeadlockDetected")
      for (const stranger of [new Error("hunter2"), "hunter2", null]) {
        assert.strictEqual(classify(stranger).reason._tag, "ClientError")
        assert.notInclude(classify(stranger).message, "hunter2")
      }
    }).pipe(Effect.provide(DatabaseErrorHandler.layer))
  )

  it.effect("tells users what happened without names of tables or values", () =>
    Effect.gen(function* () {
      const { translate } = yield* DatabaseErrorHandler
      const reason = new Reason.UniqueViolation({
        table: "customer_secret",
        constraint: "customer_secret_key",
        columns: ["email"],
        serverMessage: "duplicate key value violates unique constraint",
        detail: "Key (email)=(a@b.c) already exists."
      })
      const shown = translate(new DatabaseError({ reason }))
      assert.deepInclude(shown, { code: "PGK2001", category: "constraint" })
      for (const word of ["customer", "email", "a@b.c", "constraint"]) assert.notInclude(shown.message, word)
    }).pipe(Effect.provide(DatabaseErrorHandler.layer))
  )

  it.effect("has a sentence for users for each reason", () =>
    Effect.gen(function* () {
      const { translate } = yield* DatabaseErrorHandler
      for (const reason of bare) {
        assert.match(translate(new DatabaseError({ reason })).message, /^[A-Z].*\.$/)
      }
    }).pipe(Effect.provide(DatabaseErrorHandler.layer))
  )

  it.effect("takes an application's own words", () =>
    Effect.gen(function* () {
      const { translate } = yield* DatabaseErrorHandler
      const message = (reason: Reason.Reason) => translate(new DatabaseError({ reason })).message
      assert.strictEqual(message(new Reason.UniqueViolation({ constraint: "user_email" })), "E-Mail ist vergeben")
      assert.match(message(new Reason.UniqueViolation({})), /already exists/)
    }).pipe(
      Effect.provide(
        DatabaseErrorHandler.layerOptions({
          translate: (reason) =>
            reason._tag === "UniqueViolation" && reason.constraint === "user_email" ? "E-Mail ist vergeben" : undefined
        })
      )
    )
  )

  it.effect("tells users in another language, by reason or by category", () =>
    Effect.gen(function* () {
      const { translate } = yield* DatabaseErrorHandler
      for (const reason of bare) {
        const shown = translate(new DatabaseError({ reason }))
        assert.match(shown.message, /^(Das gibt es schon|Bitte versuchen Sie es gleich noch einmal|Das ging schief)\.$/)
        assert.strictEqual(shown.code, reason.code)
      }
      const message = (reason: Reason.Reason) => translate(new DatabaseError({ reason })).message
      assert.strictEqual(message(new Reason.UniqueViolation({})), "Das gibt es schon.")
      assert.strictEqual(message(new Reason.DeadlockDetected({})), "Bitte versuchen Sie es gleich noch einmal.")
      assert.strictEqual(message(new Reason.DiskFull({})), "Das ging schief.")
    }).pipe(
      Effect.provide(
        DatabaseErrorHandler.layerOptions({
          translate: (reason) =>
            reason._tag === "UniqueViolation"
              ? "Das gibt es schon."
              : reason.category === "conflict"
                ? "Bitte versuchen Sie es gleich noch einmal."
                : "Das ging schief."
        })
      )
    )
  )

  it.effect("says in which session a failure struck, wherever it is handled", () => {
    const { entries, layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      const session = { id: "s7", openedAt: 0, component: "billing", actor: "ada", tenant: "acme" }
      const failing = DatabaseError.refine(Effect.fail(deadlock))
      yield* Effect.ignore(handler.handling(Effect.provideService(failing, Session, session)))
      yield* Effect.ignore(Effect.provideService(handler.handling(failing), Session, session))
      const shown = { session: "s7", component: "billing", actor: "ada", tenant: "acme" }
      for (const { annotations } of entries) {
        assert.deepInclude(annotations, shown)
        assert.notProperty(annotations, "sessionName")
      }
      yield* Effect.ignore(handler.handling(failing))
      assert.strictEqual(entries.length, 3)
      assert.notProperty(entries[2]?.annotations, "session")
    }).pipe(Effect.provide(layer))
  })

  it.effect("says in which session it struck behind a policy too, and by which SQLSTATE", () => {
    const { entries, layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      const session = { id: "s7", openedAt: 0, actor: "ada" }
      const failing = Effect.provideService(DatabaseError.refine(Effect.fail(deadlock)), Session, session)
      yield* Effect.ignore(handler.handling(Retry.transaction({ attempts: 2, base: 0 })(failing)))
      const shutdown = new DatabaseError({
        reason: new Reason.ReadOnlyServer({ severity: "FATAL", phase: "commit_sent" })
      })
      noteSession(shutdown.reason, session)
      yield* Effect.ignore(handler.handling(Retry.transaction({ attempts: 2, base: 0 })(Effect.fail(shutdown))))
      assert.deepInclude(entries[0]?.annotations, {
        reason: "RetriesExhausted",
        sqlState: "40P01",
        session: "s7",
        actor: "ada"
      })
      assert.deepInclude(entries[1]?.annotations, { reason: "OutcomeUnknown", session: "s7", actor: "ada" })
    }).pipe(Effect.provide(layer))
  })

  it.effect("goes on with the failure when a recovery action dies, and says so", () => {
    const { entries, layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      let later = 0
      yield* handler.recover("DeadlockDetected", () => Effect.die("a bug in the action"))
      yield* handler.recover("DeadlockDetected", () => Effect.sync(() => void later++))
      const error = yield* Effect.flip(handler.handling(Effect.fail(deadlock)))
      assert.strictEqual(error.reason._tag, "DeadlockDetected")
      assert.strictEqual(later, 1)
      assert.strictEqual(entries.length, 2)
      assert.match(JSON.stringify(entries[1]), /the recovery action for DeadlockDetected died/)
    }).pipe(Effect.scoped, Effect.provide(layer))
  })

  it("finds the session where the session is published", () => assert.strictEqual(ActiveSession.key, Session.key))

  it.effect("logs an error once, with its context and without the statement's text", () => {
    const { entries, layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      const statement = "SELECT  secret_column\nFROM t WHERE id = $1"
      const error = yield* handler.handle(deadlock, { statement, phase: "transaction_open" })
      yield* handler.handle(error).pipe(Effect.annotateLogs({ actor: "again" }))
      yield* Effect.ignore(handler.handling(Effect.fail(error)))
      assert.strictEqual(entries.length, 1)
      const [entry] = entries
      assert.strictEqual(entry?.level, "Warn")
      assert.deepInclude(entry?.annotations, {
        actor: "ann",
        code: "PGK3002",
        reason: "DeadlockDetected",
        sqlState: "40P01",
        phase: "transaction_open",
        retryScope: "transaction"
      })
      assert.notInclude(JSON.stringify(entry), "secret_column")
      const same = new DatabaseError({
        reason: new Reason.UndefinedColumn({ statement: statement.replace(/\s+/g, " ") })
      })
      yield* handler.handle(same)
      assert.strictEqual(entries[1]?.level, "Error")
      assert.match(String(entry?.annotations["statement"]), /^[0-9a-f]{8}$/)
      assert.strictEqual(entries[1]?.annotations["statement"], entry?.annotations["statement"])
    }).pipe(Effect.annotateLogs({ actor: "ann" }), Effect.provide(layer))
  })

  it.effect("counts by code and reason", () => {
    const { layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      const counter = Metric.withAttributes(
        Metric.counter("pgkeel_database_errors", {
          description: "Database failures that were handled, by stable code and reason",
          incremental: true
        }),
        { code: "PGK6001", reason: "DiskFull" }
      )
      const before = yield* Metric.value(counter)
      const error = new DatabaseError({ reason: new Reason.DiskFull({}) })
      yield* handler.handle(error)
      yield* handler.handle(error)
      yield* handler.handle(new DatabaseError({ reason: new Reason.DiskFull({}) }))
      assert.strictEqual((yield* Metric.value(counter)).count, before.count + 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("runs what was registered for the reason, until the scope closes", () => {
    const { layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      const seen: Array<string> = []
      const full = () => handler.handle(new Reason.DiskFull({ serverMessage: "no space left" }))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* handler.recover("DiskFull", (reason) => Effect.sync(() => seen.push(reason.serverMessage ?? "")))
          yield* handler.handle(new Reason.OutOfMemory({}))
          yield* full()
        })
      )
      yield* full()
      assert.deepStrictEqual(seen, ["no space left"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("handles each failure of an effect on its way out and keeps other errors", () => {
    const { entries, layer } = withLog()
    return Effect.gen(function* () {
      const handler = yield* DatabaseErrorHandler
      const error = yield* Effect.flip(handler.handling(Effect.fail(deadlock)))
      assert.strictEqual(error.reason._tag, "DeadlockDetected")
      assert.strictEqual(yield* Effect.flip(handler.handling(Effect.fail("mine" as const))), "mine")
      assert.strictEqual(entries.length, 1)
    }).pipe(Effect.provide(layer))
  })
})
