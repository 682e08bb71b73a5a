/** What each failure is called, and what may be run again after it, for failures that no healthy server makes. */
import { assert, describe, it } from "@effect/vitest"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Reason from "../../src/error/Reason.ts"
import { failed, reported } from "./driver.ts"

const scope = (fields: Record<string, string>, phase?: Reason.Reason["phase"]) =>
  DatabaseError.fromSqlError(reported(fields), { phase }).retryScope

const tagOf = (error: SqlError, phase?: Reason.Reason["phase"]) =>
  DatabaseError.fromSqlError(error, { phase }).reason._tag

describe("what may be run again", () => {
  it("depends on the phase after a connection was lost", () => {
    const lost = failed(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }))
    const at = (phase: Reason.Reason["phase"]) => DatabaseError.fromSqlError(lost, { phase }).retryScope
    assert.strictEqual(at(undefined), "by_phase")
    assert.strictEqual(at("connecting"), "connection")
    assert.strictEqual(at("idle"), "statement")
    assert.strictEqual(at("transaction_open"), "transaction")
    assert.strictEqual(at("statement_sent"), "unknown_outcome")
    assert.strictEqual(at("commit_sent"), "unknown_outcome")
  })

  it("is nothing after COMMIT unless the server says ERROR", () => {
    assert.strictEqual(scope({ code: "40001" }, "commit_sent"), "transaction")
    assert.strictEqual(scope({ code: "57P01", severityUnlocalized: "FATAL" }, "commit_sent"), "unknown_outcome")
    assert.strictEqual(scope({ code: "25P04", severityUnlocalized: "FATAL" }, "commit_sent"), "unknown_outcome")
  })

  it("is the transaction where only the statement could be inside one", () => {
    assert.strictEqual(scope({ code: "26000" }, "idle"), "statement")
    assert.strictEqual(scope({ code: "26000" }, "transaction_open"), "transaction")
  })

  it("takes an ERROR about another server's connection for the end of a statement, not of ours", () => {
    const error = DatabaseError.fromSqlError(reported({ code: "08001", message: "could not connect to server" }))
    assert.strictEqual(error.reason._tag, "ServerError")
    assert.isFalse(error.connectionLost)
    assert.strictEqual(error.retryScope, "transaction")
  })

  it("follows the severity, not the code, in whether the connection is gone", () => {
    for (const severityUnlocalized of ["FATAL", "PANIC"]) {
      assert.isTrue(DatabaseError.fromSqlError(reported({ code: "XX000", severityUnlocalized })).connectionLost)
    }
    assert.isFalse(DatabaseError.fromSqlError(reported({ code: "3D000" })).connectionLost)
  })
})

describe("COPY in its own protocol", () => {
  it("is never run again, whatever the phase", () => {
    for (const phase of [undefined, "idle", "statement_sent", "transaction_open"] as const) {
      const error = DatabaseError.fromSqlError(failed(new Error("Unexpected CopyInResponse; COPY is not supported")), {
        phase
      })
      assert.deepInclude(
        { ...error.reason, scope: error.retryScope, transient: error.transient, lost: error.connectionLost },
        { _tag: "CopyUnsupported", scope: "never", transient: false, lost: false }
      )
    }
  })
})

describe("what cannot be made on a healthy server", () => {
  const fatal = { severityUnlocalized: "FATAL" }

  it.each([
    ["53100", "DiskFull"],
    ["53200", "OutOfMemory"],
    ["57P02", "ServerCrashed"],
    ["57P03", "ServerStarting"],
    ["57P04", "DatabaseMissing"],
    ["25P03", "IdleInTransactionTimeout"],
    ["25P04", "TransactionTimeout"],
    ["08006", "ConnectionLost"],
    ["XX001", "ServerError"],
    ["QQ999", "ServerError"]
  ])("a FATAL %s is %s", (code, tag) => assert.strictEqual(tagOf(reported({ code, ...fatal })), tag))

  it.each([
    ["no such user: app", "AuthenticationFailed", "28P01"],
    ["SASL authentication failed", "AuthenticationFailed", "28P01"],
    ["password authentication failed", "AuthenticationFailed", "28P01"],
    ["unix socket login rejected", "AuthenticationFailed", "28P01"],
    ["server login failed: wrong password type", "AuthenticationFailed", "28P01"],
    ["SSL required", "AuthenticationFailed", "28000"],
    ["no such database: shop", "DatabaseMissing", "3D000"],
    ['database "shop" is disabled', "DatabaseMissing", "3D000"],
    ["unsupported startup parameter: statement_timeout", "InvalidConnectionOptions", "42704"],
    ["unsupported startup parameter in options: geqo", "InvalidConnectionOptions", "42704"],
    ["no more connections allowed (max_client_conn)", "TooManyConnections", "53300"],
    ["client connections exceeded (max_db_client_connections)", "TooManyConnections", "53300"],
    ["query_wait_timeout", "TooManyConnections", "53300"],
    ["bouncer resources exhaustion", "OutOfMemory", "53200"],
    ["server login has been failing, try again later (server_login_retry)", "ServerStarting", "57P03"],
    ["server login has been failing, cached error: connect failed (server_login_retry)", "ServerStarting", "57P03"],
    [
      'server login has been failing, cached error: password authentication failed for user "app" (server_login_retry)',
      "AuthenticationFailed",
      "28P01"
    ],
    [
      'server login has been failing, cached error: database "shop" does not exist (server_login_retry)',
      "DatabaseMissing",
      "3D000"
    ],
    ["client_login_timeout (server down)", "ServerStarting", "57P03"],
    ["client_login_timeout", "ConnectionLost", "08001"],
    ["pooler is shutting down", "ServerShuttingDown", "57P01"],
    ["server shutting down", "ServerShuttingDown", "57P01"],
    ["admin forced disconnect", "ServerShuttingDown", "57P01"],
    ["database removed", "ServerShuttingDown", "57P01"],
    ["query timeout", "StatementTimeout", "57014"],
    ["query_timeout", "StatementTimeout", "57014"],
    ["idle transaction timeout", "IdleInTransactionTimeout", "25P03"],
    ["transaction timeout", "TransactionTimeout", "25P04"],
    ["client_idle_timeout", "ConnectionLost", "08006"],
    ["server conn crashed?", "ConnectionLost", "08006"],
    ["server connection closed", "ConnectionLost", "08006"],
    ["database configuration changed", "ConnectionLost", "08006"],
    ["prepared statement did not exist", "StalePreparedStatement", "26000"],
    ["prepared statement name is already in use", "StalePreparedStatement", "42P05"],
    ["transaction blocks not allowed in statement pooling mode", "ServerError", "0A000"],
    ["bouncer config error", "ServerError", "F0000"],
    ["unknown pkt from server", "ProtocolViolation", "08P01"],
    ["something new", "ProtocolViolation", "08P01"]
  ])("PgBouncer's 08P01 %j is %s", (message, tag, sqlState) => {
    const { reason } = DatabaseError.fromSqlError(
      new SqlError({
        reason: new ConnectionError({ cause: { code: "08P01", severity: "FATAL", message }, operation: "query" })
      })
    )
    assert.strictEqual(reason._tag, tag)
    assert.deepInclude(reason, { sqlState, serverMessage: message })
    assert.isTrue(reason.connectionLost)
  })

  it.each([
    ["storniere Anfrage wegen Zeitüberschreitung der Anfrage", "StatementTimeout"],
    ["storniere Anfrage wegen Benutzeraufforderung", "QueryCanceled"],
    ["cancelando la sentencia debido a que se agotó el tiempo de espera de sentencias", "StatementTimeout"],
    ["cancelando la sentencia debido a una petición del usuario", "QueryCanceled"],
    ["annulation de la requête à cause du délai écoulé pour l'exécution de l'instruction", "StatementTimeout"],
    ["annulation de la requête à la demande de l'utilisateur", "QueryCanceled"],
    ["annullamento dell'istruzione a causa di timeout", "StatementTimeout"],
    ["ステートメントのタイムアウトのためステートメントをキャンセルしています", "StatementTimeout"],
    ["ユーザーからの要求により文をキャンセルしています", "QueryCanceled"],
    ["명령실행시간 초과로 작업을 취소합니다.", "StatementTimeout"],
    ["사용자 요청에 의해 작업을 취소합니다.", "QueryCanceled"],
    ["выполнение оператора отменено из-за тайм-аута", "StatementTimeout"],
    ["выполнение оператора отменено по запросу пользователя", "QueryCanceled"],
    ["由于语句执行超时，正在取消查询命令", "StatementTimeout"],
    ["由于用户请求而正在取消查询", "QueryCanceled"],
    ["avbryter sats på grund av sats-timeout", "StatementTimeout"],
    ["avbryter sats på användares begäran", "QueryCanceled"],
    ["виконання оператора скасовано через тайм-аут", "StatementTimeout"],
    ["виконання оператора скасовано по запиту користувача", "QueryCanceled"],
    ["annullamento dell'istruzione su richiesta dell'utente", "QueryCanceled"],
    ["canceling statement due to statement timeout", "StatementTimeout"],
    ["canceling statement due to user request", "QueryCanceled"]
  ])("57014 %j is %s", (message, tag) => assert.strictEqual(tagOf(reported({ code: "57014", message })), tag))

  it("a setting that the server does not know, or does not take, is a mistake in the connection's options", () => {
    assert.strictEqual(tagOf(reported({ code: "42704", ...fatal })), "InvalidConnectionOptions")
    assert.strictEqual(tagOf(reported({ code: "22023", ...fatal })), "InvalidConnectionOptions")
    assert.strictEqual(tagOf(reported({ code: "42704" })), "ServerError")
    assert.strictEqual(tagOf(reported({ code: "22023" })), "InvalidValue")
  })

  it("a report without a severity is known by its code, and one without a code by its severity", () => {
    const bare = (cause: object) => DatabaseError.fromSqlError(failed(Object.assign(new Error("said"), cause)))
    assert.strictEqual(bare({ code: "23505" }).reason._tag, "UniqueViolation")
    assert.isFalse(bare({ code: "23505" }).connectionLost)
    assert.strictEqual(bare({ code: "57P03" }).reason._tag, "ServerStarting")
    assert.isTrue(bare({ code: "57P03" }).connectionLost)
    assert.strictEqual(bare({ code: "28P01" }).reason._tag, "AuthenticationFailed")
    assert.deepInclude(bare({ severity: "ERROR" }).reason, { _tag: "ServerError", sqlState: "XX000" })
    assert.strictEqual(bare({ code: "EPIPE" }).reason._tag, "ConnectionLost")
  })

  it("a code that JavaScript's objects know is no more than another code", () => {
    for (const code of ["constructor", "__proto__", "toString", ""]) {
      assert.strictEqual(tagOf(reported({ code })), "ServerError")
      assert.strictEqual(tagOf(failed(Object.assign(new Error("?"), { code }))), "ConnectionLost")
    }
  })

  it("an authentication that takes too long is a connect timeout", () =>
    assert.strictEqual(tagOf(reported({ code: "57014", ...fatal }), "connecting"), "ConnectTimeout"))

  it("a cached plan that no longer fits is a stale prepared statement, another 0A000 is not", () => {
    assert.strictEqual(tagOf(reported({ code: "0A000", routine: "RevalidateCachedQuery" })), "StalePreparedStatement")
    assert.strictEqual(tagOf(reported({ code: "0A000", routine: "transformX" })), "ServerError")
  })

  it.each([
    ["EAI_AGAIN", "connect", "HostNotFound"],
    ["EHOSTUNREACH", "connect", "ConnectionRefused"],
    ["EHOSTUNREACH", "query", "ConnectionLost"],
    ["ETIMEDOUT", "connect", "ConnectTimeout"],
    ["ETIMEDOUT", "query", "ConnectionLost"],
    ["EPIPE", "query", "ConnectionLost"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "connect", "TlsFailure"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "connect", "TlsFailure"],
    ["CERT_HAS_EXPIRED", "connect", "TlsFailure"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "connect", "TlsFailure"],
    ["ESOMETHING_NEW", "connect", "ConnectionLost"]
  ])("%s during %s is %s", (code, operation, tag) =>
    assert.strictEqual(tagOf(failed(Object.assign(new Error("?"), { code }), "PgConnection: ?", operation)), tag)
  )

  it("an AggregateError of several addresses is read by its refusal", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), {
      code: "ECONNREFUSED",
      address: "127.0.0.1",
      port: 1
    })
    const aggregate = new AggregateError([Object.assign(new Error("?"), { code: "ENETUNREACH" }), refused])
    const { reason } = DatabaseError.fromSqlError(failed(aggregate, "PgConnection: Failed to connect", "connect"))
    assert.deepInclude(reason, { _tag: "ConnectionRefused", host: "127.0.0.1", port: 1, systemCode: "ECONNREFUSED" })
  })

  it.each([
    ["Connection timed out", "ConnectTimeout"],
    ["Connection closed unexpectedly", "ConnectionLost"],
    ["The server does not support TLS", "TlsFailure"],
    ["Pinned connection was released", "ConnectionReleased"],
    ["Unexpected CopyInResponse; COPY is not supported", "CopyUnsupported"],
    ["No username configured", "InvalidConnectionOptions"],
    ["COMMIT rolled back an aborted transaction", "CommitRolledBack"]
  ])("the driver's %j is %s", (text, tag) =>
    assert.strictEqual(tagOf(failed(new Error(text), `PgConnection: ${text}`, "connect")), tag)
  )

  it("takes anything at all as a cause", () => {
    for (const cause of [undefined, null, 0, "", [], {}, { code: 5 }, { code: "23505" }, { errors: [] }, Symbol("x")]) {
      assert.isTrue(Reason.isReason(DatabaseError.fromSqlError(failed(cause)).reason))
    }
  })
})
