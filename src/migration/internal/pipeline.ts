/**
 * Which migrations are sent ahead: each in its transaction with its row of the
 * history, as runner.ts runs one, but several of them in one write (flight.ts), so
 * that neither waits for the other to hear its answer. One that fails, and those
 * behind it, are left to the runner.
 */
import * as Effect from "effect/Effect"
import { writesAtOnce } from "../../connection/internal/oneWrite.ts"
import type { DatabaseError } from "../../error/DatabaseError.ts"
import type { MigrationError } from "../MigrationError.ts"
import { isConcluded } from "./conclusion.ts"
import { Flight } from "./flight.ts"
import { hasTransaction } from "./prepare.ts"
import { statementsOf } from "./resume.ts"
import type { Attempt } from "./runner.ts"
import type { Task } from "./task.ts"

type Failure = MigrationError | DatabaseError

type Groups = ReadonlyArray<ReadonlyArray<Task>>

/** What is on its way when a runner is killed is still run. */
const mostTasks = 16

/** Of one write. A migration that is longer by itself is sent statement by statement. */
const mostCharacters = 262_144

/** One migration after the other, and together those that share a write. */
const inGroups = (tasks: ReadonlyArray<Task>): Groups => {
  const groups: Array<Array<Task>> = []
  let open: { readonly group: Array<Task>; room: number } | undefined
  for (const task of tasks) {
    const length = lengthOf(task)
    if (!canBeSentAhead(task)) {
      groups.push([task])
      open = undefined
    } else if (open !== undefined && length <= open.room && open.group.length < mostTasks) {
      open.group.push(task)
      open.room -= length
    } else {
      open = { group: [task], room: mostCharacters - length }
      groups.push(open.group)
    }
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

/** The flight whose migrations are told of, and the one that leaves when it has arrived. */
interface UnderWay {
  current: Flight | undefined
  next: Flight | undefined
}

/** Calls `use` for each task in turn, with its first attempt where that is under way. */
export const runTogether = <A>(
  tasks: ReadonlyArray<Task>,
  use: (task: Task, first?: Attempt) => Effect.Effect<A, Failure>
): Effect.Effect<ReadonlyArray<A>, Failure> =>
  Effect.suspend(() => {
    const groups = inGroups(tasks)
    const underWay: UnderWay = { current: undefined, next: undefined }
    const runGroup = Effect.fnUntraced(function* (group: ReadonlyArray<Task>, at: number) {
      yield* board(underWay, groups, at)
      const { current } = underWay
      const results = yield* Effect.forEach(group, (task, index) => use(task, current?.attemptOf(index)))
      if (current?.hasArrived === false) yield* stopNext(underWay)
      return results
    })
    return Effect.forEach(groups, runGroup).pipe(
      Effect.map((results) => results.flat()),
      Effect.ensuring(Effect.suspend(() => Effect.andThen(stopNext(underWay), underWay.current?.stop ?? Effect.void)))
    )
  })

/** Makes the next write ready while this one is on its way. */
const board = (underWay: UnderWay, groups: Groups, at: number): Effect.Effect<void> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      underWay.current = underWay.next ?? (yield* start(groups[at]))
      underWay.next = underWay.current && (yield* start(groups[at + 1], underWay.current))
    })
  )

const start = (group: ReadonlyArray<Task> = [], before?: Flight): Effect.Effect<Flight | undefined> => {
  const [task] = group
  return task !== undefined && canBeSentAhead(task) ? Flight.start(group, task.current, before) : Effect.undefined
}

/** Those behind one that has failed are run when it is their turn. */
const stopNext = (underWay: UnderWay): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { next } = underWay
    underWay.next = undefined
    return next?.stop ?? Effect.void
  })
