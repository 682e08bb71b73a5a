/** The use of a sandbox's connection by one transaction, which is a savepoint there. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"
import { quoteLiteral } from "../../error/internal/quote.ts"
import { CommitRolledBack } from "../../error/Reason.ts"
import type { BeginWith } from "../TransactionContext.ts"
import { contextStatement } from "./beginning.ts"
import { finalError, noteFailure } from "./failure.ts"
import type { Endpoint } from "./failure.ts"
import { Lease } from "./lease.ts"
import { Opening, refusal } from "./opening.ts"
import type { InstrumentedPool } from "./pool.ts"
import type { Statement } from "./statement.ts"
import type { Wire } from "./wire.ts"

/**
 * A real COMMIT would check them now. What has been checked stays immediate for the
 * rest of the transaction, so those that begin deferred are deferred again.
 */
const checkConstraints = `DO $check$
DECLARE deferred text;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.conname), ', ') INTO deferred
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
    WHERE c.condeferrable AND c.condeferred;
  IF deferred IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || deferred || ' DEFERRED'; END IF;
END $check$`

/** How long the undoing may take before the connection is given up. */
const undoLimit = Duration.seconds(5)

type Settings = ReadonlyArray<readonly [name: string, value: string]>

export class InnerLease extends Lease {
  readonly #savepoint: string
  readonly #pool: InstrumentedPool
  /** What its settings were before, which they are again when it has been kept. */
  #before: Settings = []
  #isUndone = false

  constructor(
    wire: Wire,
    endpoint: Endpoint,
    use: ConstructorParameters<typeof Lease>[2],
    savepoint: string,
    pool: InstrumentedPool
  ) {
    super(wire, endpoint, use)
    this.opening = Opening.begun(wire)
    this.#savepoint = savepoint
    this.#pool = pool
  }

  /** A level of isolation and a snapshot are those of the whole sandbox; what forbids writes is its own. */
  begin(given: string | undefined, context: BeginWith): Effect.Effect<void, SqlError> {
    const isReadOnly = /\bREAD\s+ONLY\b/iu.test(given ?? context.begin ?? "")
    const settings = contextStatement({ ...context, identified: false })
    const refused = refusal([settings])
    if (refused !== undefined) return Effect.fail(refused)
    const savepoint = plainly(`SAVEPOINT ${this.#savepoint}`)
    const first = [savepoint, ...(isReadOnly ? [plainly("SET TRANSACTION READ ONLY")] : [])]
    const names = context.settings
    const begun =
      names.length === 0
        ? this.#send(first)
        : Effect.andThen(
            Effect.map(this.#send([...first, reading(names)]), ([row]) => {
              this.#before = names.map((name, at) => [name, String(row?.[at] ?? "")] as const)
            }),
            this.#send([settings])
          )
    return Effect.asVoid(Effect.onError(begun, () => this.undo))
  }

  /** Keeps what was done, for as long as the sandbox lasts. */
  get commit(): Effect.Effect<void, SqlError> {
    return Effect.suspend(() => {
      if (this.wire.status === "E") {
        return Effect.andThen(this.undo, Effect.fail(finalError(new CommitRolledBack({}), "commit")))
      }
      const restored = this.#before.length === 0 ? [] : [setting(this.#before)]
      const kept = this.#send([plainly(checkConstraints), ...restored, this.#released], "COMMIT")
      return Effect.asVoid(Effect.onError(kept, () => this.undo))
    })
  }

  /** The same for what has only read. */
  get release(): Effect.Effect<void, SqlError> {
    return Effect.asVoid(this.#send([this.#released]))
  }

  /** Undoes what was done, settings included. */
  get undo(): Effect.Effect<void> {
    const undone = this.#send([plainly(`ROLLBACK TO SAVEPOINT ${this.#savepoint}`), this.#released])
    return Effect.suspend(() => {
      // What has ended it from outside has undone it.
      if (this.wire.isDead || this.#isUndone) return Effect.void
      this.#isUndone = true
      return Effect.asVoid(undone)
    }).pipe(
      Effect.timeoutOrElse({ duration: undoLimit, orElse: () => Effect.fail("too slow" as const) }),
      Effect.catch(() => this.#pool.discard(this))
    )
  }

  get #released(): Statement {
    return plainly(`RELEASE SAVEPOINT ${this.#savepoint}`)
  }

  /** In one write, where the driver lets it; the rows of the last. */
  #send(
    statements: ReadonlyArray<Statement>,
    called?: string
  ): Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>, SqlError> {
    return Effect.suspend(() => {
      const last = statements.at(-1) ?? nothing
      const before = statements.slice(0, -1)
      // What is under way on it would take them along.
      const ahead = before.length === 0 || this.isBusy ? undefined : this.wire.sendAhead(before)
      const one = ({ text, values }: Statement) => this.wire.connection.queryValues(text, values, false)
      const all =
        ahead === undefined ? Effect.andThen(Effect.forEach(before, one, { discard: true }), one(last)) : one(last)
      const told = Effect.mapError(all, (error) => (ahead?.fate === "refused" ? ahead.error : error))
      return Effect.onExitPrimitive(told, (exit) => {
        if (ahead !== undefined) this.wire.recall(ahead)
        if (exit._tag === "Success") return undefined
        noteFailure(exit, this.endpoint, { phase: "transaction_open", statement: called ?? last.text })
        return undefined
      })
    })
  }
}

const nothing: Statement = { text: "", values: [], kept: false }

const plainly = (text: string): Statement => ({ text, values: [], kept: false })

const reading = (names: ReadonlyArray<string>): Statement =>
  plainly(`SELECT ${names.map((name) => `pg_catalog.current_setting(${quoteLiteral(name)}, true)`).join(", ")}`)

const setting = (settings: Settings): Statement => {
  const calls = settings.map(
    ([name, value]) => `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`
  )
  return plainly(`SELECT ${calls.join(", ")}`)
}
