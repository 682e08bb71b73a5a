/**
 * A child process that does not outlive this one, however this one ends.
 *
 * Finalizers do not run after `process.exit` or SIGKILL, so the promise cannot
 * be kept from inside. A small shell script starts the program as its own child
 * and reads from a pipe whose other end only this process holds: each line is a
 * signal to pass on, and the end of the pipe, which the kernel brings about
 * whatever happens here, stops the program. The signals go through the shell
 * because only a parent can be sure that a process id still means its child.
 *
 * The script runs in a session of its own (`detached`), so that Ctrl-C reaches
 * the program once, by way of this process, and not twice.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as NodeChildProcess from "node:child_process"
import { inRealTime } from "./realTime.ts"
import type { ServerUser } from "./serverUser.ts"

export type SignalName = "INT" | "QUIT" | "TERM" | "KILL"

/** A directory by the name under which the server's user reaches it, from the working directory where it has to start. */
export interface Place {
  readonly path: string
  readonly workingDirectory: string
}

/**
 * The name of the working directory for a program that could not find it by its
 * own: Linux opens a descriptor's directory without asking who may enter the
 * directories above. (/proc/self/cwd would not do: up to version 15 PostgreSQL's
 * programs leave their working directory while they look for their own files.)
 */
export const insidePath = "/proc/self/fd/4"

export interface GuardedOptions {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly user: ServerUser
  /** Where the program works, and what may be left of it is looked for. */
  readonly place: Place
  /** Where the program's output is appended. */
  readonly log: string
  /** A file that the program reads as its standard input. */
  readonly input?: string | undefined
  /** The first signal that stops the program in good order. */
  readonly stopSignal: SignalName
  /** A directory that the guard removes when this process is gone without having stopped the program. */
  readonly removeWhenLost: string
}

export interface GuardedProcess {
  /** The program's process id, or undefined when it could not be started. */
  readonly processId: Effect.Effect<number | undefined>
  readonly exitCode: Effect.Effect<number>
  readonly isRunning: Effect.Effect<boolean>
  readonly signal: (name: SignalName) => Effect.Effect<void>
  /** The stop signal, then SIGQUIT, then SIGKILL, each with five seconds to take effect. */
  readonly stop: Effect.Effect<void>
}

// Asynchronous lists read from /dev/null unless redirected, hence descriptor 3.
// After the pipe has ended the watcher must outlive the main shell to tidy up, hence the trap.
// Backends of a killed postmaster are children of nobody and may compute for long: on Linux they
// are found by what they run and where.
const script = `
log=$1 input=$2 stop=$3 lost=$4 place=$5
shift 5
exec 3<&0
[ "$place" != "${insidePath}" ] || exec 4<.
"$@" <"$input" >>"$log" 2>&1 3<&- &
child=$!
echo "$child"
(
  while read -r signal; do kill -s "$signal" "$child"; done
  trap '' TERM
  kill -s "$stop" "$child"
  n=0
  while kill -s 0 "$child"; do
    n=$((n + 1))
    [ "$n" -eq 50 ] && kill -s QUIT "$child"
    [ "$n" -eq 100 ] && kill -s KILL "$child"
    sleep 0.1
  done
  rm -rf -- "$lost"
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&- >/dev/null 2>&1
wait "$child"
code=$?
found=yes
while [ "$found" = yes ]; do
  found=no
  for process in /proc/[0-9]*; do
    [ "$process/cwd" -ef "$place" ] && [ "$process/exe" -ef "$1" ] || continue
    kill -s KILL "\${process#/proc/}" && found=yes
  done
  [ "$found" = no ] || sleep 0.02
done
kill -s TERM "$watcher"
wait "$watcher"
exit "$code"
`

/** The server must not see this process's PG* variables, time zone or language. */
const environment = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin",
  LC_ALL: "C",
  TZ: "UTC"
}

/** What it takes to run a program as the server's user and with nothing of this process's environment. */
export const spawnOptions = (user: ServerUser, workingDirectory: string) => ({
  cwd: workingDirectory,
  env: environment,
  detached: true,
  ...(user.switchTo === undefined ? {} : { uid: user.switchTo.uid, gid: user.switchTo.gid })
})

/** The exit code of a program that could not be started at all, as shells report it. */
const notStarted = 127

const launch = (options: GuardedOptions): GuardedProcess => {
  const exited = Deferred.makeUnsafe<number>()
  const announced = Deferred.makeUnsafe<number | undefined>()
  const child = NodeChildProcess.spawn(
    "/bin/sh",
    [
      "-c",
      script,
      "pgkeel-guard",
      options.log,
      options.input ?? "/dev/null",
      options.stopSignal,
      options.removeWhenLost,
      options.place.path,
      options.command,
      ...options.args
    ],
    { ...spawnOptions(options.user, options.place.workingDirectory), stdio: ["pipe", "pipe", "ignore"] }
  )
  const ended = (code: number) => {
    Deferred.doneUnsafe(announced, Effect.succeed(undefined))
    Deferred.doneUnsafe(exited, Effect.succeed(code))
  }
  child.stdout.once("data", (line) => {
    Deferred.doneUnsafe(announced, Effect.succeed(Number(String(line).trim())))
  })
  // The guard may be gone when a signal is written to it; its exit is what counts.
  child.stdin.on("error", () => undefined)
  child.on("error", () => ended(notStarted))
  child.on("exit", (code) => ended(code ?? notStarted))

  const exitCode = Deferred.await(exited)
  const isRunning = Effect.map(Deferred.isDone(exited), (done) => !done)
  const signal = (name: SignalName) => Effect.sync(() => void child.stdin.write(`${name}\n`))
  const signalled = (name: SignalName) =>
    Effect.andThen(signal(name), exitCode).pipe(
      Effect.as(true),
      Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.succeed(false) })
    )
  const stop = Effect.gen(function* () {
    for (const name of [options.stopSignal, "QUIT", "KILL"] as const) {
      if (!(yield* isRunning) || (yield* signalled(name))) return
    }
    yield* exitCode
  }).pipe(inRealTime)
  return { processId: Deferred.await(announced), exitCode, isRunning, signal, stop }
}

/** Starts a guarded program that is stopped when the scope closes. */
export const spawnGuarded = (options: GuardedOptions): Effect.Effect<GuardedProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => launch(options)),
    (guarded) => guarded.stop
  )
