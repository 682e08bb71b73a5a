/**
 * Runs the README's examples in their order, as one application: each is a module
 * `example-<line>.ts` in the directory given, which is the application's own. What
 * one of them printed goes to standard output, as a line of JSON each.
 */
import { Cause, ConfigProvider, Console, Context, Effect, Exit, Layer, References } from "effect"
import { existsSync } from "node:fs"
import { formatWithOptions } from "node:util"
import { MainLive } from "pgkeel"
import type { MainServices } from "pgkeel/MainLive"

const [directory = "", ...names] = process.argv.slice(2)
process.chdir(directory)

interface Example {
  /** Whether it runs on a started application, or starts by itself what it needs. */
  readonly needsMain: boolean
  readonly example: Effect.Effect<unknown, unknown, MainServices>
}

// Typed as what the examples would find, which those without it do not look for.
const nothing: typeof MainLive = Layer.effectContext(Effect.sync(() => Context.makeUnsafe(new Map())))

const run = Effect.fnUntraced(function* (name: string) {
  const printed: Array<string> = []
  const console = Object.assign(Object.create(globalThis.console), {
    log: (...args: ReadonlyArray<unknown>) => void printed.push(formatWithOptions({ colors: false }, ...args))
  })
  const { example, needsMain }: Example = yield* Effect.promise(() => import(`${directory}/${name}.ts`))
  const exit = yield* Effect.provide(example, needsMain ? MainLive : nothing, { local: true }).pipe(
    Effect.exit,
    Effect.provideService(Console.Console, console),
    // Each starts in the environment that the ones before it have left.
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv()),
    Effect.provideService(References.MinimumLogLevel, "Fatal")
  )
  if (existsSync(".env.credentials")) process.loadEnvFile(".env.credentials")
  const failure = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : undefined
  process.stdout.write(`${JSON.stringify({ name, printed: printed.map((line) => `${line}\n`).join(""), failure })}\n`)
})

await Effect.runPromise(Effect.forEach(names, run, { discard: true }))
