/**
 * Keeps work from waiting for a server that is away: the circuit breaker, asked only
 * by those who would have to connect, since none of the pool's connections stands.
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { CircuitOpen } from "../../error/Reason.ts"
import { isConnectionRetryable } from "../../error/Retry.ts"
import type { Ticket } from "./admission.ts"
import { Breaker } from "./breaker.ts"
import type { Circuit, Refusal } from "./breaker.ts"
import * as Driver from "./driver.ts"
import type { Sockets } from "./sockets.ts"

/** Work that looks for the server by itself, as a start does, is never kept from asking. */
export const Persistent = Context.Reference<boolean>("pgkeel/connection/Persistent", { defaultValue: () => false })

export class Guard {
  readonly #clock: Clock.Clock
  readonly #breaker: Breaker
  readonly #standing = new Set<PgConnection.PgConnection>()

  readonly #sockets: Sockets
  #ended = 0
  #counted: SqlError | undefined

  constructor(clock: Clock.Clock, sockets: Sockets, onChange: (circuit: Circuit) => void) {
    this.#clock = clock
    this.#sockets = sockets
    this.#breaker = new Breaker(onChange)
  }

  /** `undefined` for one who may ask for a connection. */
  refusal(ticket: Ticket, fiber: Fiber.Fiber<unknown, unknown>): SqlError | undefined {
    if (this.#breaker.isClosed || this.standing > 0 || Context.get(fiber.context, Persistent)) return undefined
    const refusal = this.#breaker.refusal(this.#clock.monotonicTimeNanosUnsafe())
    ticket.probes = refusal === undefined
    return refusal === undefined ? undefined : circuitOpen(refusal)
  }

  /** How many connections of the pool stand. Only after one has ended is each of them looked at. */
  get standing(): number {
    const { ended } = this.#sockets
    if (ended !== this.#ended) {
      this.#ended = ended
      for (const connection of this.#standing) {
        if (Driver.isDead(connection)) this.#standing.delete(connection)
      }
    }
    return this.#standing.size
  }

  /** A connection was had. */
  stands(connection: PgConnection.PgConnection): void {
    if (!this.#standing.has(connection)) {
      this.#standing.add(connection)
      Driver.hearLastWords(connection)
    }
    this.#breaker.succeeded()
  }

  /** No connection was had; without an error, because nobody wanted it any more. */
  failed(ticket: Ticket, error: SqlError | undefined): void {
    // One attempt is one failure, however many have waited for it.
    if (error !== undefined && error !== this.#counted && isAway(error)) {
      this.#counted = error
      this.#breaker.failed(error, this.#clock.monotonicTimeNanosUnsafe())
    } else if (ticket.probes) this.#breaker.abandoned()
  }
}

/** Whether a failure to connect says that the server is away, and not that it does not want this login. */
const isAway = (error: SqlError): boolean =>
  error.reason.operation === "connect" && isConnectionRetryable(DatabaseError.fromSqlError(error))

const circuitOpen = ({ error, retryAfterNanos }: Refusal): SqlError => {
  const { message: failure } = DatabaseError.fromSqlError(error)
  const cause = new CircuitOpen({ retryAfterMillis: Math.ceil(Number(retryAfterNanos) / 1e6), failure })
  return new SqlError({ reason: new ConnectionError({ cause, message: cause.message, operation: "acquire" }) })
}
