/**
 * How a run goes on, on standard error: on a terminal one line that changes, and
 * elsewhere, as in the log of a deployment, a line for each migration that begins.
 */
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type { MigrationProgress } from "../../migration/MigrationProgress.ts"
import { Reply } from "./answer.ts"
import { Json } from "./flags.ts"
import { entry } from "./migration.ts"
import { paint } from "./table.ts"

/** Written as it is; that standard error cannot be written to is no reason to stop. */
export const writeError = Effect.fnUntraced(function* (text: string) {
  const { stderr } = yield* Stdio.Stdio
  yield* Effect.ignore(Stream.run(Stream.make(text), stderr()))
})

/** Clears what the line had, and goes to its beginning. */
const again = "\r\u001B[2K"

const words = { up: "applying", down: "reverting" } as const

const nameOf = ({ direction, file, namespace, number, of }: MigrationProgress): string =>
  `${words[direction]} ${number} of ${of}: ${file} (${namespace})`

/** A line for good, or one that the next takes the place of; nothing where nothing has to be said. */
const lineOf = (event: MigrationProgress, animated: boolean): string | undefined => {
  switch (event._tag) {
    case "Started": {
      const behind = event.statements === 0 ? "" : `, going on behind statement ${event.statements}`
      return animated ? `${again}${nameOf(event)}${behind}` : `${nameOf(event)}${behind}\n`
    }
    case "StatementFinished":
      return animated && event.statements > 1
        ? `${again}${nameOf(event)}, statement ${event.statement} of ${event.statements}`
        : undefined
    // Of one that stands back there is a warning in the log.
    case "Blocked":
    case "Finished":
      return animated ? again : undefined
  }
}

/** For the option `progress` of the migrator: shows it, and notes what was done for the case that the rest fails. */
export const progress = Effect.gen(function* () {
  const stdio = yield* Stdio.Stdio
  const { note } = yield* Reply
  const silent = yield* Json
  const animated = yield* stdio.stderrIsTerminal
  const dim = yield* paint
  return (event: MigrationProgress): Effect.Effect<void> => {
    const line = silent ? undefined : lineOf(event, animated)
    const shown =
      line === undefined
        ? Effect.void
        : Effect.provideService(writeError(animated ? line : dim("dim", line)), Stdio.Stdio, stdio)
    if (event._tag !== "Finished") return shown
    return Effect.andThen(shown, note(event.direction === "up" ? "applied" : "reverted", entry(event)))
  }
})
