/**
 * How a run goes on, on standard error: on a terminal one line that changes, with
 * the time that has passed; elsewhere, as in the log of a deployment, a line for
 * each migration that begins, and one now and then while it goes on.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type { BackfillProgress } from "../../migration/BackfillProgress.ts"
import type { MigrationProgress } from "../../migration/MigrationProgress.ts"
import { Reply } from "./answer.ts"
import { Json } from "./flags.ts"
import { entry } from "./migration.ts"
import { paint, took } from "./table.ts"

/** Written as it is; that standard error cannot be written to is no reason to stop. */
export const writeError = Effect.fnUntraced(function* (text: string) {
  const { stderr } = yield* Stdio.Stdio
  yield* Effect.ignore(Stream.run(Stream.make(text), stderr()))
})

/** Clears what the line had, and goes to its beginning. */
export const cleared = "\r\u001B[2K"

const words = { up: "applying", down: "reverting" } as const

/** A migration that is under way, and since when. */
interface Current {
  readonly event: MigrationProgress
  readonly since: number
}

const nameOf = ({ direction, file, namespace, number, of }: MigrationProgress): string =>
  `${words[direction]} ${number} of ${of}: ${file} (${namespace})`

const statementOf = (event: MigrationProgress): string => {
  if (event._tag === "Started" && event.statements > 0) return `, going on behind statement ${event.statements}`
  if (event._tag === "Backfill") return `, ${backfillOf(event.backfill)}`
  return event._tag === "StatementFinished" && event.statement < event.statements
    ? `, statement ${event.statement + 1} of ${event.statements}`
    : ""
}

const count = (rows: number): string => rows.toLocaleString("en")

const backfillOf = (event: BackfillProgress): string => {
  switch (event._tag) {
    case "Waiting":
      return `${event.name} waits for ${waitedFor[event.because]}`
    case "Finished":
      return `${event.name}: all ${count(event.rows)} rows`
    default: {
      const all = event.estimate === undefined ? "" : ` of about ${count(event.estimate)}`
      return `${event.name}: ${count(event.rows)}${all} rows`
    }
  }
}

const waitedFor = {
  replica: "a replica that is behind",
  locks: "others who wait for the table",
  runner: "another process that is at it",
  blocked: "its locks"
} as const

const lineOf = ({ event, since }: Current, now: number): string => {
  const passed = now - since < 1000 ? "" : `, ${took(Duration.millis(now - since))}`
  return `${nameOf(event)}${statementOf(event)}${passed}`
}

const makeListener = Effect.fnUntraced(function* (animated: boolean, silent: boolean) {
  const stdio = yield* Stdio.Stdio
  const { note } = yield* Reply
  const colours = yield* paint
  const current = yield* Ref.make<Current | undefined>(undefined)
  const write = (text: string) => (silent ? Effect.void : Effect.provideService(writeError(text), Stdio.Stdio, stdio))
  const show = Effect.gen(function* () {
    const shown = yield* Ref.get(current)
    if (shown === undefined) return
    const line = lineOf(shown, yield* Clock.currentTimeMillis)
    yield* write(animated ? cleared + line : `${colours("dim", line)}\n`)
  })
  const listen = Effect.fnUntraced(function* (event: MigrationProgress) {
    // Of one that stands back there is a warning in the log.
    if (event._tag === "Finished" || event._tag === "Blocked") {
      yield* Ref.set(current, undefined)
      if (animated) yield* write(cleared)
      if (event._tag === "Finished") yield* note(event.direction === "up" ? "applied" : "reverted", entry(event))
      return
    }
    const now = yield* Clock.currentTimeMillis
    yield* Ref.update(current, (before) => ({ event, since: event._tag === "Started" ? now : (before?.since ?? now) }))
    if (animated || event._tag === "Started") yield* show
  })
  return { listen, show }
})

/**
 * Gives the option `progress` of a migrator, for as long as `use` takes: what is
 * told to it is shown, and what was done is noted for the case that the rest fails.
 */
export const withProgress = Effect.fnUntraced(function* <A, E, R>(
  use: (progress: (event: MigrationProgress) => Effect.Effect<void>) => Effect.Effect<A, E, R>
) {
  const stdio = yield* Stdio.Stdio
  const animated = yield* stdio.stderrIsTerminal
  const silent = yield* Json
  const { listen, show } = yield* makeListener(animated, silent)
  const again = Effect.delay(show, animated ? "1 second" : "30 seconds")
  return yield* Effect.scoped(
    Effect.andThen(Effect.forkScoped(Effect.forever(again)), use(listen)).pipe(
      // What was under way when it failed has left its line.
      Effect.onExit(() => (animated && !silent ? writeError(cleared) : Effect.void))
    )
  )
})
