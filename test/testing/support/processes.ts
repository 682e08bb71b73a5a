/**
 * What runs on this host, read from /proc, and programs of the tests' own.
 */
import { Effect, Schedule, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { inRealTime } from "../../../src/testing/internal/realTime.ts"

const read = (file: () => string) => {
  try {
    return file()
  } catch {
    return ""
  }
}

/** The processes that work in the directory, or were given its name. */
export const processesOf = (directory: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (name) =>
        Number(name) !== process.pid &&
        (read(() => readlinkSync(`/proc/${name}/cwd`)).startsWith(directory) ||
          read(() => readFileSync(`/proc/${name}/cmdline`, "utf8")).includes(directory))
    )
    .map(Number)

export const canSeeProcesses = existsSync("/proc/self/cmdline")

/**
 * Waits on the wall clock until the condition holds, for forty seconds at most; the result is whether it did.
 * What takes a moment on an idle machine takes long beside four workers that start servers.
 */
export const eventually = (condition: () => boolean): Effect.Effect<boolean> =>
  Effect.sync(condition).pipe(
    Effect.repeat({
      schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "40 seconds" })),
      until: (holds) => holds
    }),
    inRealTime
  )

const Announced = Schema.fromJsonString(
  Schema.Struct({
    dataDirectory: Schema.String,
    port: Schema.Int,
    processId: Schema.Int,
    uid: Schema.Int,
    version: Schema.String
  })
)

const holdServer = fileURLToPath(new URL("holdServer.ts", import.meta.url))

export interface HolderOptions {
  readonly options?: object
  readonly mode?: "hold" | "exit"
  /** A command to run Node under, such as setpriv with its arguments. */
  readonly under?: ReadonlyArray<string>
  readonly workingDirectory?: string
}

/** Another Node process that starts a server; killed with the scope if it still runs. */
export const startHolder = ({ mode = "hold", options = {}, under = [], workingDirectory }: HolderOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const [command = "", ...args] = [...under, process.execPath, holdServer, JSON.stringify(options), mode]
      return spawn(command, args, {
        detached: true,
        cwd: workingDirectory,
        env: { ...process.env, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"]
      })
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** What the holder printed about its server; what it complained of when it printed nothing. */
export const announced = (child: ChildProcess) =>
  Effect.callback<string, string>((resume) => {
    let errors = ""
    let output = ""
    child.stderr?.on("data", (chunk) => (errors += String(chunk)))
    child.stdout?.on("data", (chunk) => {
      output += String(chunk)
      if (output.includes("\n{") || output.startsWith("{")) resume(Effect.succeed(output))
    })
    child.on("close", () => resume(Effect.fail(`${output}${errors}`)))
  }).pipe(Effect.flatMap(Schema.decodeUnknownEffect(Announced)))

export const ended = (child: ChildProcess) => () => child.exitCode !== null || child.signalCode !== null
