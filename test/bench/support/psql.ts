/** COPY by PostgreSQL's own client, a process for each. */
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { openSync } from "node:fs"

/** Runs a statement, with a file in place of the standard input, and lets the output go. */
export const psql = (url: Redacted.Redacted, statement: string, file?: string): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const { hostname, password, pathname, port, username } = new URL(Redacted.value(url))
    const env = {
      ...process.env,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: decodeURIComponent(username),
      PGPASSWORD: decodeURIComponent(password),
      PGDATABASE: pathname.slice(1)
    }
    const input = file === undefined ? ("ignore" as const) : openSync(file, "r")
    const child = spawn("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement], {
      env,
      stdio: [input, "ignore", "inherit"]
    })
    child.on("error", (error) => resume(Effect.fail(error)))
    child.on("close", (code) =>
      resume(code === 0 ? Effect.void : Effect.fail(new Error(`psql ended with code ${code}`)))
    )
  })
