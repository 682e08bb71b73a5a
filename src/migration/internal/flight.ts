/**
 * Migrations on their way in one write: what is heard of each, and what becomes of
 * those behind one that fails.
 *
 * All of them are under one Sync: behind whatever the server refuses, a COMMIT
 * included, it skips the rest (manual, 53.2.4), and what it has committed before
 * stays. Where the connection is lost instead, nobody here knows how far the server
 * has gone on.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { isForgotten } from "../../connection/internal/ahead.ts"
import { cancelledWhole, inOneWrite, type Step } from "../../connection/internal/oneWrite.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { knownOf } from "../../error/internal/failureContext.ts"
import type { MigrationError } from "../MigrationError.ts"
import { ending } from "./conclusion.ts"
import { type Progress, report } from "./execution.ts"
import { commitFailed, statementFailed } from "./failed.ts"
import { statementsOf } from "./resume.ts"
import type { Attempt } from "./runner.ts"
import { beginning, settingsOf } from "./settings.ts"
import type { Statement } from "./splitter.ts"
import { outcomeOf, type Task } from "./task.ts"

type Failure = MigrationError | DatabaseError

/** The server does not know a statement any more that it had kept. */
type Forgotten = "forgotten"

/** One migration of a flight. The numbers say how many steps of the whole write are done by then. */
interface Part {
  readonly task: Task
  readonly statements: ReadonlyArray<Statement>
  readonly steps: ReadonlyArray<Step<Failure | Forgotten>>
  readonly before: number
  /** Its transaction has begun, under its settings. */
  readonly begun: number
  /** It is in the history. */
  readonly recorded: number
  readonly committed: number
}

export class Flight {
  readonly #parts: ReadonlyArray<Part>
  readonly #clock: Clock.Clock
  #sender: Fiber.Fiber<unknown, unknown> | undefined
  #done = 0
  /** When so many steps were known to be done, in nanoseconds of the clock. */
  readonly #heardAt: Array<bigint> = []
  /** What the last of so many steps returned. */
  readonly #answers: Array<string | undefined> = []
  #exit: Exit.Exit<unknown, Failure | Forgotten | SqlError> | undefined
  #departNext: (() => void) | undefined
  #waiting: { readonly step: number; readonly settle: () => void } | undefined

  private constructor(group: ReadonlyArray<Task>, clock: Clock.Clock) {
    this.#parts = partsOf(group)
    this.#clock = clock
  }

  /**
   * Sends them: at once, or when all of the flight before have been committed, and not at
   * all where they are not. Whoever starts it has to `stop` it.
   */
  static start(group: ReadonlyArray<Task>, { client }: Task["current"], before?: Flight): Effect.Effect<Flight> {
    return Effect.gen(function* () {
      const flight = new Flight(group, yield* Clock.Clock)
      const send = flight.#send(client)
      flight.#sender = yield* Effect.forkDetach(before === undefined ? send : Effect.andThen(before.#arrival, send), {
        startImmediately: true
      })
      return flight
    })
  }

  /** Whether all of them have been committed. */
  get hasArrived(): boolean {
    return this.#exit?._tag === "Success"
  }

  /** Only one waits for it. */
  get #arrival(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.hasArrived) resume(Effect.void)
      else this.#departNext = () => resume(Effect.void)
    })
  }

  /** Lets nothing more of it run, as far as the server can still be told. */
  get stop(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#sender === undefined || this.#exit !== undefined ? Effect.void : Fiber.interrupt(this.#sender)
    )
  }

  /** Waits for one of them, and tells of its statements. */
  attemptOf(index: number): Attempt {
    const part = this.#parts[index]
    if (part === undefined) return (_, alone) => alone
    const { committed, statements } = part
    return (progress, alone) =>
      Effect.forEach(statements, (_, at) => this.#tell(part, at), { discard: true }).pipe(
        Effect.andThen(this.#until(committed)),
        Effect.map(() => this.#durationOf(part)),
        // Who was told of it may have failed while it goes on.
        Effect.onError(() => Effect.andThen(this.stop, this.#note(part, progress))),
        Effect.catch((failure) => (failure === "over" ? this.#failed(part, alone) : Effect.fail(failure)))
      )
  }

  #send({ connection, transaction }: Task["current"]["client"]): Effect.Effect<void, Failure | Forgotten | SqlError> {
    // The last COMMIT is the statement that the others go ahead of.
    const ahead = this.#parts.flatMap(({ steps }) => steps).slice(0, -1)
    const last = connection.executeUnprepared("COMMIT", [], undefined)
    return Effect.suspend(() => {
      this.#hear(0, undefined)
      const send = inOneWrite(connection, ahead, last, (done, answer) => this.#hear(done, answer))
      return transaction(cancelledWhole(connection, send))
    }).pipe(
      Effect.onExit((exit) => Effect.sync(() => this.#end(exit, ahead.length + 1))),
      Effect.asVoid
    )
  }

  #tell(part: Part, at: number): Effect.Effect<void, "over"> {
    const { before, begun, committed, statements, task } = part
    const step = at + 1 === statements.length ? committed : begun + at + 1
    const from = at === 0 ? before : begun + at
    return Effect.andThen(
      this.#until(step),
      Effect.suspend(() => report(task, at + 1, this.#between(from, step)))
    )
  }

  /** What is known of one whose attempt has failed. */
  #note({ begun, committed, statements }: Part, progress: Progress): Effect.Effect<void> {
    return Effect.sync(() => {
      progress.statements = Math.max(0, Math.min(this.#done - begun, statements.length))
      progress.isCommitted = this.#done >= committed
    })
  }

  /** Fails when it is over without having come so far. */
  #until(step: number): Effect.Effect<void, "over"> {
    return Effect.callback<void, "over">((resume) => {
      const settle = () => {
        this.#waiting = undefined
        resume(this.#done >= step ? Effect.void : Effect.fail("over"))
      }
      if (this.#done >= step || this.#exit !== undefined) settle()
      else this.#waiting = { step, settle }
    })
  }

  /** It is over, and this one was not committed, as far as was heard. */
  #failed(part: Part, alone: Effect.Effect<Duration.Duration, Failure>): Effect.Effect<Duration.Duration, Failure> {
    const exit = this.#exit
    if (exit === undefined || exit._tag === "Success" || this.#done < part.before) return alone
    const error = Cause.findErrorOption(exit.cause)
    if (error._tag === "None") return Effect.die(Cause.squash(exit.cause))
    if (error.value === "forgotten") return alone
    if (isSqlError(error.value)) return Effect.fail(unanswered(part, this.#done, error.value))
    // What surrounds it was refused, which is not of its own making.
    return this.#done < part.begun ? alone : Effect.fail(error.value)
  }

  /** As the server has measured it: what is heard of several may be heard at once. */
  #durationOf({ before, committed, recorded }: Part): Duration.Duration {
    const answer = this.#answers[recorded]
    return answer === undefined ? this.#between(before, committed) : Duration.millis(Number(answer))
  }

  #between(from: number, to: number): Duration.Duration {
    const now = this.#clock.currentTimeNanosUnsafe()
    return Duration.nanos((this.#heardAt[to] ?? now) - (this.#heardAt[from] ?? now))
  }

  #hear(done: number, answer: string | undefined): void {
    this.#done = done
    this.#heardAt[done] = this.#clock.currentTimeNanosUnsafe()
    this.#answers[done] = answer
    if (this.#waiting !== undefined && done >= this.#waiting.step) this.#waiting.settle()
  }

  #end(exit: Exit.Exit<unknown, Failure | Forgotten | SqlError>, all: number): void {
    this.#exit = exit
    if (Exit.isFailure(exit)) return this.#waiting?.settle()
    // The server has nothing to do until they come; who is told of these can wait.
    this.#departNext?.()
    this.#hear(all, undefined)
  }
}

const partsOf = (group: ReadonlyArray<Task>): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  for (const task of group) {
    const before = parts.at(-1)?.committed ?? 0
    const statements = statementsOf(task.prepared)
    const first = beginning(settingsOf(task.current.settings, task.prepared), task.current.pid)
    const begun = before + first.length
    const plain = ending(task, outcomeOf(task, Duration.zero, 0))
    const last = statements.some(takesNamesAway) ? plain : plain.map(kept)
    const recorded = begun + statements.length + last.length
    const steps = [
      ...first,
      ...statements.map((statement, at) => stepOf(task, statement, at + 1, at + 1 === statements.length)),
      ...last,
      commitOf(task)
    ]
    parts.push({ task, statements, steps, before, begun, recorded, committed: recorded + 1 })
  }
  return parts
}

const stepOf = ({ prepared }: Task, statement: Statement, number: number, isLast: boolean): Step<Failure> => {
  const { text } = statement
  const failed = statementFailed(prepared, number, statement)
  const refused = (error: SqlError) => failed(DatabaseError.fromSqlError(error, { statement: text }))
  // The last one is heard of with its COMMIT.
  return { text, values: [], flush: !isLast, refused }
}

/** What it does besides its transaction, to a sequence say, must not be done twice for it. */
const takesNamesAway = ({ text }: Statement): boolean => /deallocate/iu.test(text)

/**
 * The server works a text out once for all of them. Where a migration has taken its name
 * away without saying so, in a function, it goes back, and is run alone, without one.
 */
const kept = (step: Step<Failure>): Step<Failure | Forgotten> => ({
  ...step,
  kept: true,
  refused: (error) => (isForgotten(error) ? "forgotten" : step.refused(error))
})

/** Without a name, which a migration may take away. */
const commitOf = ({ prepared }: Task): Step<Failure> => ({
  text: "COMMIT",
  values: [],
  flush: true,
  refused: (error) => commitFailed(prepared, error, "commit_sent")
})

/**
 * The connection is gone, or what the server said could not be read. The COMMIT, and
 * the migrations behind it, had been sent, unless it was gone before.
 */
const unanswered = ({ begun, statements, task: { prepared } }: Part, done: number, error: SqlError): MigrationError => {
  const at = Math.max(0, done - begun)
  const statement = statements[at]
  const phase = knownOf(error, {}).phase === "idle" ? "idle" : "commit_sent"
  if (statement === undefined) return commitFailed(prepared, error, phase)
  return statementFailed(
    prepared,
    at + 1,
    statement
  )(DatabaseError.fromSqlError(error, { statement: statement.text, phase }))
}
