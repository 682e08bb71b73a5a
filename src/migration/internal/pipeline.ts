/**
 * Sends migrations ahead: each in its transaction with its row of the history, as
 * runner.ts runs one, but several of them in one write, so that neither waits for
 * the other to hear its answer.
 *
 * All of them are under one Sync: behind whatever the server refuses, a COMMIT
 * included, it skips the rest (manual, 53.2.4), and what it has committed before
 * stays. The one that failed and those behind it are then left to the runner.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SqlError } from "effect/sql/SqlError"
import { inOneWrite, type Step, writesAtOnce } from "../../connection/internal/oneWrite.ts"
import { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"
import { ending, isConcluded } from "./conclusion.ts"
import { reported } from "./execution.ts"
import { statementFailed } from "./failed.ts"
import { hasTransaction } from "./prepare.ts"
import { statementsOf } from "./resume.ts"
import type { Attempt } from "./runner.ts"
import { beginning, settingsOf } from "./settings.ts"
import type { Task } from "./task.ts"

type Failure = MigrationError | DatabaseError

/** What is on its way when a runner is killed is still run. */
const mostTasks = 16

/** Of one write. A migration that is longer by itself is sent statement by statement. */
const mostCharacters = 262_144

/** One migration after the other, and together those that share a write. */
export const inGroups = (tasks: ReadonlyArray<Task>): ReadonlyArray<ReadonlyArray<Task>> => {
  const groups: Array<Array<Task>> = []
  let room = 0
  for (const task of tasks) {
    const length = canBeSentAhead(task) ? lengthOf(task) : Number.POSITIVE_INFINITY
    const last = groups.at(-1)
    if (last !== undefined && length <= room && last.length < mostTasks) last.push(task)
    else {
      groups.push([task])
      room = mostCharacters
    }
    room -= length
  }
  return groups
}

/** Nothing of it is decided, or asked from elsewhere, while its transaction is open. */
const canBeSentAhead = (task: Task): boolean => {
  const { current, prepared, row } = task
  return (
    writesAtOnce(current.client.connection) &&
    prepared.work._tag === "Statements" &&
    hasTransaction(prepared) &&
    current.hooks.beforeEach === undefined &&
    !isConcluded(task) &&
    row?.partly !== true &&
    statementsOf(prepared).every(({ copyData }) => copyData === undefined) &&
    lengthOf(task) <= mostCharacters
  )
}

const lengthOf = ({ prepared }: Task): number =>
  statementsOf(prepared).reduce((length, { text }) => length + text.length, 0)

/** Calls `use` for each task in turn, with its first attempt where that is under way. */
export const runTogether = <A>(
  group: ReadonlyArray<Task>,
  use: (task: Task, first?: Attempt) => Effect.Effect<A, Failure>
): Effect.Effect<ReadonlyArray<A>, Failure> => {
  const [task] = group
  if (task === undefined || !canBeSentAhead(task)) {
    return Effect.forEach(group, (each) => use(each))
  }
  return Effect.scoped(
    Effect.gen(function* () {
      const flight = new Flight(group)
      yield* Effect.forkScoped(flight.send, { startImmediately: true })
      return yield* Effect.forEach(group, (each, index) => use(each, flight.attemptOf(index)))
    })
  )
}

/** The steps in front of a migration's statements: BEGIN, and its settings. */
const stepsBefore = 2

class Flight {
  readonly #group: ReadonlyArray<Task>
  readonly #steps: ReadonlyArray<ReadonlyArray<Step<Failure>>>
  #done = 0
  #exit: Exit.Exit<unknown, Failure> | undefined
  #waiting: { readonly step: number; readonly settle: () => void } | undefined

  constructor(group: ReadonlyArray<Task>) {
    this.#group = group
    this.#steps = group.map(stepsOf)
  }

  /** Ends when all of it is answered, or, if something was refused, rolled back. */
  get send(): Effect.Effect<void, Failure> {
    const [task] = this.#group
    if (task === undefined) return Effect.void
    const { connection, transaction } = task.current.client
    // The last COMMIT is the statement that the others go ahead of.
    const ahead = this.#steps.flat().slice(0, -1)
    const commit = connection.executeUnprepared("COMMIT", [], undefined)
    return transaction(inOneWrite(connection, ahead, commit, (done) => this.#hear(done))).pipe(
      DatabaseError.refine,
      Effect.onExit((exit) => Effect.sync(() => this.#end(exit, ahead.length + 1))),
      Effect.asVoid
    )
  }

  attemptOf(index: number): Attempt {
    const [task, from] = [this.#group[index], this.#steps.slice(0, index).flat().length]
    const end = from + (this.#steps[index]?.length ?? 0)
    const statements = task === undefined ? [] : statementsOf(task.prepared)
    return (progress, again) => {
      const finished =
        task === undefined || statements.length === 0
          ? this.#until(end)
          : Effect.forEach(
              statements,
              (_, at) => {
                const step = at + 1 === statements.length ? end : from + stepsBefore + at + 1
                return reported(task, at + 1, this.#until(step))
              },
              { discard: true }
            )
      return Effect.catch(finished, () => {
        const done = this.#done - from - stepsBefore
        progress.statements = Math.max(0, Math.min(done, statements.length))
        return done < 0 || this.#exit === undefined ? again : Effect.asVoid(this.#exit)
      })
    }
  }

  /** Fails if the rest was skipped, or nobody knows. */
  #until(step: number): Effect.Effect<void, "skipped"> {
    return Effect.callback<void, "skipped">((resume) => {
      const settle = () => resume(this.#done >= step ? Effect.void : Effect.fail("skipped"))
      if (this.#done >= step || this.#exit !== undefined) settle()
      else this.#waiting = { step, settle }
    })
  }

  #hear(done: number): void {
    this.#done = done
    if (this.#waiting !== undefined && done >= this.#waiting.step) this.#waiting.settle()
  }

  #end(exit: Exit.Exit<unknown, Failure>, all: number): void {
    this.#exit = exit
    if (Exit.isSuccess(exit)) this.#done = all
    this.#waiting?.settle()
  }
}

const stepsOf = (task: Task): ReadonlyArray<Step<Failure>> => {
  const { current, prepared, row } = task
  const { migration } = prepared
  const statements = statementsOf(prepared)
  const before = { id: row?.id ?? migration.id, isNew: row === undefined, duration: Duration.zero, statements: 0 }
  return [
    ...beginning(settingsOf(current.settings, prepared), current.pid),
    ...statements.map((statement, at): Step<Failure> => {
      const { text } = statement
      const failed = statementFailed(prepared, at + 1, statement)
      const refused = (error: SqlError) => failed(DatabaseError.fromSqlError(error, { statement: text }))
      return { text, values: [], flush: at + 1 < statements.length, refused }
    }),
    ...ending(task, before),
    commit
  ]
}

const commit: Step<Failure> = {
  text: "COMMIT",
  values: [],
  kept: true,
  flush: true,
  refused: (error) => DatabaseError.fromSqlError(error, { statement: "COMMIT" })
}
