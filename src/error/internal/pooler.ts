/**
 * PgBouncer's own errors. It reports most of them as 08P01, and only the text,
 * which has no translations, says what happened. Each is read as the code that a
 * server, and later versions of PgBouncer, would use for the same.
 */
const texts: ReadonlyArray<readonly [RegExp, string]> = [
  [/authentication failed|no such user|login rejected/iu, "28P01"],
  [/no such database|database .* is disabled/iu, "3D000"],
  [/no more connections allowed|query_wait_timeout/iu, "53300"],
  [/server login (has been failing|failed)|server_login_retry|connect failed/iu, "57P03"],
  [/shut(ting)? down/iu, "57P01"],
  [/query timeout|query_timeout/iu, "57014"],
  [/idle transaction timeout|idle_transaction_timeout/iu, "25P03"],
  [/client_idle_timeout|server conn crashed|server closed|server disconnect/iu, "08006"],
  [/client_login_timeout/iu, "08001"]
]

/** The code that a text of PgBouncer stands for. */
export const poolerCode = (message: string): string | undefined => texts.find(([text]) => text.test(message))?.[1]
