/**
 * How a connection is had when none is idle: in turn, in time, and with a login that
 * is asked for once more when it is refused.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import type * as PgPool from "@effect/sql-pg/PgPool"
import type { Settings } from "../../config/Settings.ts"
import { ConnectTimeout } from "../../error/Reason.ts"
import { connectionError, isLoginRefused } from "./failure.ts"
import type { Turnstile } from "./turnstile.ts"

/** One that has become free is had too. */
export const opener = (
  pool: PgPool.PgPool,
  { acquireTimeout, connectTimeout, host, port }: Settings,
  turnstile: Turnstile
): Effect.Effect<PgConnection.PgConnection, SqlError, Scope.Scope> => {
  // A login that is asked for each time may have been changed behind the first answer.
  const get = Effect.isEffect(pool.config.password)
    ? Effect.retry(pool.get, { times: 1, while: isLoginRefused })
    : pool.get
  const late = (operation: "acquire" | "connect") => () =>
    Effect.fail(connectionError(new ConnectTimeout({ host, port, phase: "connecting" }), operation))
  const duration = Duration.sum(acquireTimeout, connectTimeout)
  const timely = Effect.timeoutOrElse(get, { duration, orElse: late("connect") })
  return turnstile.pass(timely, acquireTimeout, Effect.suspend(late("acquire")))
}
