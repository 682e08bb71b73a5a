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

/** What is on its way when a runner is killed is still run. */
const mostTasks = 16

/** Of one write. A migration that is longer by itself is sent statement by statement. */
const mostCharacters = 262_144

/** One migration after the other, and together those that share a write. */
export const inGroups = (tasks: ReadonlyArray<Task>): ReadonlyArray<ReadonlyArray<Task>> => {
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

/** Calls `use` for each task in turn, with its first attempt where that is under way. */
export const runTogether = <A>(
  group: ReadonlyArray<Task>,
  use: (task: Task, first?: Attempt) => Effect.Effect<A, Failure>
): Effect.Effect<ReadonlyArray<A>, Failure> => {
  const [task] = group
  if (task === undefined || !canBeSentAhead(task)) return Effect.forEach(group, (each) => use(each))
  return Effect.acquireUseRelease(
    Flight.start(group, task.current),
    (flight) => Effect.forEach(group, (each, index) => use(each, flight.attemptOf(index))),
    (flight) => flight.stop
  )
}
