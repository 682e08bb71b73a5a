import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { dirname } from "node:path"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { inRealTime } from "../../src/testing/internal/realTime.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { ownTmpdir } from "./support/ownTmpdir.ts"
import { announced, canSeeProcesses, ended, eventually, processesOf, startHolder } from "./support/processes.ts"

const tmpdir = ownTmpdir()

/** The directories that servers work in. */
const workspaces = () => readdirSync(tmpdir).filter((name) => name.startsWith("pgkeel-server-"))

const newWorkspace = (before: ReadonlyArray<string>) => workspaces().find((name) => !before.includes(name))

const isGone = (dataDirectory: string) => () => processesOf(dataDirectory).length === 0 && !existsSync(dataDirectory)

/** Longer than `eventually` waits, twice. */
const timeout = 180_000

// Only where processes can be listed can one see that none is left.
describe.skipIf(!canSeeProcesses)("No server is left behind", () => {
  it.effect(
    "when the scope closes",
    () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(EmbeddedPostgres.layer(chosenServer()), scope)
        const { dataDirectory } = yield* Effect.provideContext(EmbeddedPostgres, context)
        assert.isTrue(yield* eventually(() => processesOf(dataDirectory).length > 3))
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(processesOf(dataDirectory), [])
        assert.isFalse(existsSync(dirname(dataDirectory)))
      }),
    timeout
  )

  const interruptAt = (name: string, reached: (workspace: string) => boolean) =>
    it.effect(
      `when it is interrupted ${name}`,
      () =>
        Effect.gen(function* () {
          const before = workspaces()
          const fiber = yield* Effect.forkChild(Effect.scoped(Layer.build(EmbeddedPostgres.layer(chosenServer()))), {
            startImmediately: true
          })
          let directory = ""
          const arrived = yield* eventually(() => {
            directory = `${tmpdir}/${newWorkspace(before)}`
            return reached(directory)
          })
          assert.isTrue(arrived)
          yield* Fiber.interrupt(fiber)
          assert.deepStrictEqual(processesOf(directory), [])
          assert.isFalse(existsSync(directory))
        }),
      timeout
    )

  interruptAt("during initdb", (workspace) => existsSync(`${workspace}/data/.pgkeel-initdb-${process.pid}/base`))
  interruptAt("during start-up", (workspace) => existsSync(`${workspace}/server.log`))

  const loses = (name: string, lose: (pid: number) => void) =>
    it.effect(
      `when the process that started it ${name}`,
      () =>
        Effect.gen(function* () {
          const holder = yield* startHolder({ options: chosenServer() })
          const { dataDirectory, processId } = yield* announced(holder)
          assert.include(processesOf(dataDirectory), processId)
          lose(holder.pid ?? 0)
          assert.isTrue(yield* eventually(ended(holder)))
          assert.isTrue(yield* eventually(isGone(dataDirectory)), "the server is still there")
        }).pipe(Effect.scoped),
      timeout
    )

  loses("is killed", (pid) => process.kill(pid, "SIGKILL"))
  loses("gets SIGTERM", (pid) => process.kill(pid, "SIGTERM"))
  loses("gets Ctrl-C with its whole process group", (pid) => process.kill(-pid, "SIGINT"))
  loses("loses its terminal", (pid) => process.kill(-pid, "SIGHUP"))

  it.effect(
    "when the process that started it calls process.exit",
    () =>
      Effect.gen(function* () {
        const holder = yield* startHolder({ options: chosenServer(), mode: "exit" })
        const { dataDirectory } = yield* announced(holder)
        assert.isTrue(yield* eventually(ended(holder)))
        assert.isTrue(yield* eventually(isGone(dataDirectory)))
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "when the process that started it is killed while initdb runs",
    () =>
      Effect.gen(function* () {
        const before = workspaces()
        const holder = yield* startHolder({ options: chosenServer() })
        let directory = ""
        const arrived = yield* eventually(() => {
          directory = `${tmpdir}/${newWorkspace(before)}`
          return existsSync(`${directory}/data/.pgkeel-initdb-${holder.pid}/base`)
        })
        assert.isTrue(arrived)
        holder.kill("SIGKILL")
        assert.isTrue(yield* eventually(isGone(directory)))
      }).pipe(Effect.scoped),
    timeout
  )

  it.effect(
    "when it was killed with a backend that computes and does not look up",
    () =>
      Effect.gen(function* () {
        const server = yield* EmbeddedPostgres
        const session = yield* PgConnection.make({ url: server.url })
        const endless = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"
        yield* Effect.forkChild(Effect.ignore(session.query(endless)), { startImmediately: true })
        const other = yield* PgConnection.make({ url: server.url })
        yield* other
          .queryValues("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND pid = $1", [
            session.processId
          ])
          .pipe(Effect.repeat({ until: (rows) => rows.length === 1 }))
        yield* server.kill
        assert.deepStrictEqual(processesOf(server.dataDirectory), [])
        yield* inRealTime(server.restart)
      }).pipe(Effect.scoped, Effect.provide(EmbeddedPostgres.layer(chosenServer()))),
    timeout
  )
})
