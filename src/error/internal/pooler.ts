/**
 * PgBouncer's own errors. Nearly all of them are reported as FATAL 08P01, and
 * only the text, which has no translations, says what happened. Each is read as
 * the code that a server would use for the same.
 *
 * The texts are those of PgBouncer 1.18 to 1.25 that a client can see. What is
 * not here (broken packets, a server that sends nonsense) is what the code says:
 * a violation of the protocol.
 */

/** Tried in order. */
const texts: ReadonlyArray<readonly [RegExp, string]> = [
  // What the pooler met when it connected, repeated to everybody who waits.
  [/cached error: .*(authentication failed|role .* does not exist|pg_hba\.conf|login failed)/iu, "28P01"],
  [/cached error: .*database .* does not exist/iu, "3D000"],
  [
    /server login has been failing|server_login_retry|server DNS lookup failed|connect failed|cannot connect/iu,
    "57P03"
  ],
  [/client_login_timeout \(server down\)/iu, "57P03"],
  // Who may come in.
  [/authentication failed|no such user|login rejected|server login failed/iu, "28P01"],
  [
    /^(user ?name|password) too long|^empty password|^no username supplied|^SSL required|^not allowed|SASL auth/iu,
    "28000"
  ],
  [/no such database|database .* is disabled/iu, "3D000"],
  [/^unsupported (options )?startup parameter/iu, "42704"],
  // How many.
  [/no more connections allowed|client connections exceeded|query_wait_timeout/iu, "53300"],
  [/out of memory|no memory|resources exhaustion/iu, "53200"],
  // For how long.
  [/query timeout|query_timeout/iu, "57014"],
  [/idle transaction timeout|idle_transaction_timeout/iu, "25P03"],
  [/transaction timeout|transaction_timeout/iu, "25P04"],
  [/client_login_timeout|connect timeout/iu, "08001"],
  [/shut(ting)? ?down|admin forced disconnect|database removed|suspend_timeout|pause failed/iu, "57P01"],
  [
    /client_idle_timeout|server conn crashed|server (connection )?closed|server disconnect|server lifetime over/iu,
    "08006"
  ],
  [/database configuration changed|connect string changed|obsolete connection|close_needed|unexpected eof/iu, "08006"],
  // Prepared statements and modes of pooling.
  [/prepared statement did not exist/iu, "26000"],
  [/prepared statement name is already in use/iu, "42P05"],
  [/transaction blocks not allowed|PQexec disallowed/iu, "0A000"],
  [/bouncer config error/iu, "F0000"]
]

/** The code that a text of PgBouncer stands for. */
export const poolerCode = (message: string): string | undefined => texts.find(([text]) => text.test(message))?.[1]

const withoutServer: ReadonlySet<string | undefined> = new Set(["28000", "28P01", "3D000", "53300", "57P03"])

/** Whether the pooler had no server for a statement that it was sent, so that none has seen it. */
export const foundNoServer = (code: string | undefined): boolean => withoutServer.has(code)
