/** One line a step: what, how it went, how long it took. */
import { Cause, Clock, Console, Effect } from "effect"
import { styleText } from "node:util"

const width = { name: 16, detail: 80 }

/** Plain when piped, and where NO_COLOR asks for it. */
const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  process.stdout.isTTY && !process.env["NO_COLOR"] ? styleText(format, text, { validateStream: false }) : text

const time = (millis: number): string => `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`.padStart(8)

export const line = (name: string, detail: string, millis?: number): Effect.Effect<void> =>
  Console.log(
    `${style("green", "✓")} ${style("bold", name.padEnd(width.name))} ${detail.padEnd(
      millis === undefined ? 0 : width.detail
    )}${millis === undefined ? "" : ` ${style("dim", time(millis))}`}`
  )

/** A part of the step above it. */
export const part = (name: string, detail: string, millis: number): Effect.Effect<void> =>
  Console.log(style("dim", `    ${name.padEnd(width.name - 2)} ${detail.padEnd(width.detail)} ${time(millis)}`))

/** Runs a step and prints its line; `describe` says what came of it. */
export const step = <A, E, R>(name: string, describe: (value: A) => string, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = yield* Clock.monotonicTimeNanos
    const value = yield* effect
    yield* line(name, describe(value), Number((yield* Clock.monotonicTimeNanos) - start) / 1e6)
    return value
  })

export const title = (text: string): Effect.Effect<void> => Console.log(`\n${style("bold", text)}\n`)

/** Lines of prose below the steps. */
export const paragraph = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  lines.length === 0 ? Effect.void : Console.log(["", ...lines.map((text) => `  ${text}`.trimEnd()), ""].join("\n"))

/** One line for what the server or the configuration is to blame for; everything that is known of a bug. */
export const failure = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Console.error("stopped; nothing is left running")
  const error = Cause.squash(cause)
  return Console.error(`✗ ${error instanceof Error && !Cause.hasDies(cause) ? error.message : Cause.pretty(cause)}`)
}
