/** The quickstart as a person starts it: a process of its own, by its script's command. */
import { assert } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import type { Scope } from "effect"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { testServer } from "../support/Database.ts"
import { eventually } from "../testing/support/processes.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const binaries = join(root, "node_modules/.bin")

class NeverCame extends Schema.TaggedError<NeverCame>()("NeverCame", { output: Schema.String }) {
  override get message() {
    return `it did not come to that; it had printed:\n${this.output}`
  }
}

export interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

export interface Program {
  readonly process: ChildProcess
  readonly output: () => string
  /** Presses keys, where it runs on a terminal. */
  readonly press: (keys: string) => void
  /** Waits until the condition holds of what it printed. */
  readonly until: (condition: (output: string) => boolean) => Effect.Effect<void, NeverCame>
  readonly ended: Effect.Effect<Ended>
}

/** What of this process's environment is about databases is not passed on. */
const environment = (env: Record<string, string>) => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:PG|PGKEEL_|DATABASE_|NO_COLOR|FORCE_COLOR)/u.test(name)
  )
  return {
    ...Object.fromEntries(inherited),
    PATH: `${binaries}:${process.env["PATH"]}`,
    TERM: "xterm",
    NODE_COMPILE_CACHE: join(tmpdir(), "compiled"),
    // What a run keeps for its user, a test keeps no longer than everything else.
    XDG_STATE_HOME: join(tmpdir(), "state"),
    ...env
  }
}

/** Runs a command in a process group of its own, which ends with the scope. */
export const start = ([command = "", ...args]: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.sync((): Program => {
      const child = spawn(command, args, {
        cwd: root,
        detached: true,
        env: environment(env),
        stdio: ["pipe", "pipe", "pipe"]
      })
      let output = ""
      let errors = ""
      child.stdout.on("data", (chunk) => (output += String(chunk)))
      child.stderr.on("data", (chunk) => (errors += String(chunk)))
      const closed = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, output, errors })))
      return {
        process: child,
        output: () => output,
        press: (keys) => void child.stdin.write(keys),
        until: (condition) =>
          Effect.flatMap(
            eventually(() => condition(output) || child.exitCode !== null),
            () => (condition(output) ? Effect.void : Effect.fail(new NeverCame({ output: output + errors })))
          ),
        ended: Effect.promise(() => closed)
      }
    }),
    ({ process: child }) =>
      Effect.sync(() => {
        if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), "SIGKILL")
      })
  )

/** By Node itself: tsx as a process in front of it kills what does not answer a signal within moments. */
export const quickstart = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  start([join(binaries, "node"), "--import", "tsx", "examples/quickstart.ts", ...args], env)

/** A terminal is made with `script`, which a Linux host has and others may not. */
export const hasTerminal = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0

/** On a terminal, by a shell. */
export const onTerminal = (command: string, env: Record<string, string> = {}) =>
  start(["script", "-qec", command, "/dev/null"], env)

export const finished = (program: Effect.Effect<Program, never, Scope.Scope>) =>
  Effect.scoped(Effect.flatMap(program, ({ ended }) => ended))

/** What the steps of an example have told, without the time that each took. */
const stepsOf = (output: string): ReadonlyArray<string> =>
  output
    .split("\n")
    .filter((text) => text.startsWith("✓"))
    .map((text) =>
      text
        .slice(2)
        .replace(/ +[\d.]+ ms$/u, "")
        .replace(/ {2,}/u, " ")
    )

/** An example as a process on the run's own server, or on the database of this URL: its steps, once it has ended as it should. */
export const walk = Effect.fnUntraced(function* (example: string, url: Redacted.Redacted = testServer().url) {
  const env = { DATABASE_URL: Redacted.value(url) }
  const { code, errors, output } = yield* finished(start([join(binaries, "tsx"), join("examples", example)], env))
  assert.strictEqual(errors, "")
  assert.strictEqual(code, 0, output)
  return stepsOf(output)
})
