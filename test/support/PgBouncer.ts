/** A real PgBouncer in front of a server, where one is installed. */
import { Effect, Redacted } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Debian puts it where only the superuser looks. */
const program = ["pgbouncer", "/usr/sbin/pgbouncer"].find((path) => spawnSync(path, ["--version"]).status === 0)

/** Why tests with it are skipped; `undefined` where it is there. */
export const whyNoPgBouncer = program === undefined ? "pgbouncer is not installed" : undefined

const freePort = Effect.callback<number>((resume) => {
  const server = Net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as Net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

const configuration = (url: URL, port: number, mode: string) => `
[databases]
* = host=${url.hostname} port=${url.port} user=${decodeURIComponent(url.username)} password='${decodeURIComponent(url.password)}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
ignore_startup_parameters = extra_float_digits, options, statement_timeout, lock_timeout, idle_in_transaction_session_timeout, search_path
`

/** It refuses to be root. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** The URL that goes through it, for as long as the scope is open. */
export const pgBouncer = (server: Redacted.Redacted, mode: "session" | "transaction") =>
  Effect.gen(function* () {
    const url = new URL(Redacted.value(server))
    const port = yield* freePort
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "pgkeel-pgbouncer-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true }))
    )
    const file = join(folder, "pgbouncer.ini")
    yield* Effect.promise(() => writeFile(file, configuration(url, port, mode)))
    yield* Effect.promise(() => Promise.all([chmod(folder, 0o755), chmod(file, 0o644)]))
    yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof spawn>>((resume) => {
        const child = spawn(program ?? "pgbouncer", [file], { ...nobody, stdio: ["ignore", "ignore", "pipe"] })
        child.once("exit", (code) => resume(Effect.die(new Error(`pgbouncer ended with code ${code}`))))
        child.stderr?.on("data", (text) => {
          if (String(text).includes("process up")) resume(Effect.succeed(child))
        })
      }),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    url.port = String(port)
    url.hostname = "127.0.0.1"
    return Redacted.make(url.href)
  })
