/**
 * What the server wrote, and what it means.
 *
 * The log line prefix that the server is started with carries the SQLSTATE, so
 * the reasons for a failed start are told apart by code and not by wording.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { Reason } from "../EmbeddedPostgresError.ts"
import { DataDirectoryInUse, PortTaken, StartFailed } from "../EmbeddedPostgresError.ts"

/** Time, process id, SQLSTATE. */
export const logLinePrefix = "%m [%p] %e "

const lineLimit = 20

/** The last lines of a log, or nothing when there is none. */
export const logTail = Effect.fnUntraced(function* (log: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(log).pipe(Effect.orElseSucceed(() => ""))
  return text.trimEnd().split("\n").slice(-lineLimit).join("\n")
})

export interface FailedStart {
  readonly directory: string
  readonly host: string
  readonly port: number
  readonly detail: string
  readonly log: string
}

/** `F0001` is lock_file_exists. A port in use has no SQLSTATE of its own; the text is libc's in the C locale. */
export const classifyStart = ({ detail, directory, host, log, port }: FailedStart): Reason => {
  if (/ F0001 FATAL: /.test(log)) {
    const holder = /\(PID (\d+)\)/.exec(log)?.[1]
    return new DataDirectoryInUse({ directory, processId: holder === undefined ? undefined : Number(holder) })
  }
  if (log.includes("Address already in use") && log.includes("could not bind")) return new PortTaken({ host, port })
  return new StartFailed({ directory, detail, log })
}
