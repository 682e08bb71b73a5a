/** The command line within the test's own process, with what it prints captured, on a database of the test's own. */
import { assert } from "@effect/vitest"
import { ConfigProvider, Console, Effect, Layer, Redacted, Sink, Stdio } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { NodeServices } from "@effect/platform-node"
import { run } from "../../src/cli/internal/program.ts"
import { TestDatabase } from "../../src/testing/index.ts"

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  /** The environment, complete: nothing of this machine's is read. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether it is a terminal that looks on. */
  readonly terminal?: boolean
  /** Is told all of standard error whenever more of it was written. */
  readonly watch?: (stderr: string) => void
  /** Is told each line that is logged, which the process itself prints on standard error. */
  readonly log?: (line: string) => void
}

/** No test may make the console of this process print. */
const consoleTo = (log: (line: string) => void): Console.Console =>
  new Proxy(globalThis.console, { get: (_, name) => (name === "error" ? log : () => undefined) })

export const cli = Effect.fnUntraced(function* (args: ReadonlyArray<string>, around: Surroundings = {}) {
  const { env = {}, log = () => undefined, terminal = false, watch = () => undefined } = around
  const printed = { stdout: "", stderr: "" }
  const into = (stream: keyof typeof printed) => () =>
    Sink.forEach((text: string | Uint8Array) =>
      Effect.sync(() => {
        printed[stream] += String(text)
        watch(printed.stderr)
      })
    )
  const stdio = Stdio.layerTest({
    stdout: into("stdout"),
    stderr: into("stderr"),
    stdoutIsTerminal: Effect.succeed(terminal),
    stderrIsTerminal: Effect.succeed(terminal)
  })
  const code = yield* run(args).pipe(
    Effect.provide(Layer.merge(NodeServices.layer, stdio)),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })),
    Effect.provideService(Console.Console, consoleTo(log)),
    Effect.provideService(TerminalCapabilities.TerminalCapabilities, {
      canColor: terminal,
      canAnimate: terminal,
      canPrompt: false
    })
  )
  return { code, ...printed } satisfies Ended
})

/** On the test's database. */
export const onDatabase = Effect.fnUntraced(function* (args: ReadonlyArray<string>, around: Surroundings = {}) {
  const { url } = yield* TestDatabase
  return yield* cli(args, { ...around, env: { DATABASE_URL: Redacted.value(url), ...around.env } })
})

/** The one document that it printed. */
export const documentOf = ({ stdout }: Ended): Record<string, unknown> => {
  assert.match(stdout, /^\{.*\}\n$/u, `not one line of JSON: ${stdout}`)
  return JSON.parse(stdout)
}

/** `migrate` with `--json`: its code and its document. */
export const json = Effect.fnUntraced(function* (args: ReadonlyArray<string>, around: Surroundings = {}) {
  const ended = yield* onDatabase(["migrate", ...args, "--json"], around)
  return { code: ended.code, document: documentOf(ended) }
})
