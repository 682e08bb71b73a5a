/**
 * The house rules of `src/`. The first group holds the whole of `src/` to them;
 * the second holds the checks themselves to made-up modules, because a check
 * that finds nothing looks the same as a check that cannot find anything.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Path from "node:path"
import * as Code from "./house/codeRules.ts"
import * as Imports from "./house/importRules.ts"
import { parseModules, readModules } from "./house/sourceModule.ts"

describe("src", () => {
  const modules = readModules(Path.join(import.meta.dirname, "../src"))

  it("is read at all", () => {
    const paths = modules.map(({ path }) => path)
    assert.include(paths, "session/SessionFactory.ts")
    assert.include(paths, "connection/internal/pool.ts")
    assert.isAbove(modules.flatMap(({ imports }) => imports).length, modules.length)
  })

  it("has a floor for every folder, and nothing but MainLive and the index beside the folders", () =>
    assert.deepStrictEqual(Imports.unknownPlaces(modules), []))

  it("imports from a module's own folder or from a lower floor only", () =>
    assert.deepStrictEqual(Imports.brokenFloors(modules), []))

  it("imports modules of its own that exist, by relative paths", () =>
    assert.deepStrictEqual(Imports.strayImports(modules), []))

  it("loads the rules of lint, and what reads the catalogues, when they are first used", () =>
    assert.deepStrictEqual(
      Imports.loadedTooEarly(modules, "index.ts", ["migration/internal/lint/", "catalog/internal/sql/"]),
      []
    ))

  it("has no import cycle, type imports included", () => assert.deepStrictEqual(Imports.importCycles(modules), []))

  it("imports modules and never an index of a package or of a folder", () =>
    assert.deepStrictEqual(Imports.barrelImports(modules), []))

  it("has indexes that re-export and do nothing else", () => assert.deepStrictEqual(Imports.busyIndexes(modules), []))

  it("has no file of more than 300 lines", () => assert.deepStrictEqual(Code.longFiles(modules), []))

  it("has no any, no non-null !, no double cast and no silenced type checker", () =>
    assert.deepStrictEqual(Code.typeHoles(modules), []))

  it("takes environment, time, chance and output from Effect's services", () =>
    assert.deepStrictEqual(Code.ambientAccess(modules), []))

  it("has no try statement and nothing async", () => assert.deepStrictEqual(Code.untypedControlFlow(modules), []))
})

describe("the checks", () => {
  it("find an unknown folder and an unknown file beside the folders", () =>
    assert.deepStrictEqual(
      Imports.unknownPlaces(parseModules({ "helpers/a.ts": "", "Extra.ts": "", "index.ts": "", "error/a.ts": "" })),
      [
        'src/helpers/a.ts:1: the folder "helpers" is on no floor',
        "src/Extra.ts:1: only MainLive.ts and index.ts stand directly in src"
      ]
    ))

  it("find what is loaded too early, and not what is imported for its types or when it is used", () =>
    assert.deepStrictEqual(
      Imports.loadedTooEarly(
        parseModules({
          "index.ts": 'export { a } from "./error/a.ts"\nexport type { T } from "./later/types.ts"',
          "error/a.ts": 'import { type T, b } from "../later/b.ts"\nimport { type U } from "../later/u.ts"',
          "error/never.ts": 'import { c } from "../later/c.ts"',
          "error/used.ts": 'export const used = () => import("../later/d.ts")'
        }),
        "index.ts",
        ["later/"]
      ),
      ["src/error/a.ts:1: loads later/b.ts with index.ts"]
    ))

  it("find an import of a higher floor, and of another context on the same floor, however it is written", () =>
    assert.deepStrictEqual(
      Imports.brokenFloors(
        parseModules({
          "connection/a.ts": 'import "../error/a.ts"\nimport { s } from "../session/s.ts"',
          "session/b.ts": 'import type { C } from "../catalog/c.ts"',
          "session/c.ts": '/* import "../testing/t.ts" */ const text = `import "../testing/t.ts"`',
          "migration/d.ts": 'export * from "../schema/e.ts"\n\nconst late = import("../cli/f.ts")',
          "migration/internal/g.ts": 'import "../d.ts"\ntype T = import("../../audit/h.ts").T',
          "index.ts": 'export * from "./MainLive.ts"\nexport * from "./testing/index.ts"',
          "testing/i.ts": 'import "../MainLive.ts"'
        })
      ),
      [
        "src/connection/a.ts:2: connection (floor 1) must not import session/s.ts (floor 2)",
        "src/session/b.ts:1: session (floor 2) must not import catalog/c.ts (floor 2)",
        "src/migration/d.ts:1: migration (floor 3) must not import schema/e.ts (floor 4)",
        "src/migration/d.ts:3: migration (floor 3) must not import cli/f.ts (floor 6)",
        "src/migration/internal/g.ts:2: migration (floor 3) must not import audit/h.ts (floor 3)",
        "src/index.ts:2: (root) (floor 5) must not import testing/index.ts (floor 6)"
      ]
    ))

  it("find imports that leave src, that lead nowhere or that name the package itself", () =>
    assert.deepStrictEqual(
      Imports.strayImports(
        parseModules({
          "error/a.ts":
            'import "./b.ts"\nimport "./b"\nimport "../../package.json"\nimport "pgkeel/error/b"\nimport "effect/Effect"',
          "error/b.ts": ""
        })
      ),
      [
        'src/error/a.ts:2: "./b" is no module of src',
        'src/error/a.ts:3: "../../package.json" is no module of src',
        'src/error/a.ts:4: import "pgkeel/error/b" by a relative path'
      ]
    ))

  it("find a cycle through a type import once, and one of a module with itself", () =>
    assert.deepStrictEqual(
      Imports.importCycles(
        parseModules({
          "error/a.ts": 'import "./b.ts"',
          "error/b.ts": 'import "effect/Effect"\nimport type { C } from "./c.ts"',
          "error/c.ts": 'import "./a.ts"',
          "error/d.ts": 'import "./a.ts"\nimport "./d.ts"'
        })
      ),
      [
        "src/error/a.ts:1: an import cycle: error/a.ts -> error/b.ts -> error/c.ts -> error/a.ts",
        "src/error/d.ts:2: an import cycle: error/d.ts -> error/d.ts"
      ]
    ))

  it("find imports of an index, and an index that does something", () => {
    const modules = parseModules({
      "error/a.ts":
        'import { Effect } from "effect"\nimport type { SqlClient } from "effect/sql"\nimport "effect/sql/SqlClient"',
      "testing/b.ts": 'import "./index.ts"',
      "testing/index.ts": 'export * from "./b.ts"\nexport { c } from "./c.ts"\nexport const d = 1'
    })
    assert.deepStrictEqual(Imports.barrelImports(modules), [
      'src/error/a.ts:1: import the module of "effect" that is needed, not all of them',
      'src/error/a.ts:2: import the module of "effect/sql" that is needed, not all of them',
      "src/testing/b.ts:1: import the module, not its index testing/index.ts"
    ])
    assert.deepStrictEqual(Imports.busyIndexes(modules), ["src/testing/index.ts:3: an index only re-exports"])
  })

  it("find a file of 301 lines and let one of 300 pass", () =>
    assert.deepStrictEqual(
      Code.longFiles(parseModules({ "error/a.ts": "\n".repeat(299) + "1\n", "error/b.ts": "\n".repeat(300) + "1\n" })),
      ["src/error/b.ts:301: 301 lines, at most 300"]
    ))

  it("find every way around the type checker, and none in comments, strings and type tests", () =>
    assert.deepStrictEqual(
      Code.typeHoles(
        parseModules({
          "error/a.ts": [
            'const a: any = "any"',
            "const b = a!.c",
            "const c = a as unknown as string",
            "class D { e!: string }",
            "// @ts-expect-error",
            "/* any! */ const f = !a !== !b, g = a as const"
          ].join("\n")
        })
      ),
      [
        "src/error/a.ts:1: `any` switches the type checker off",
        "src/error/a.ts:2: `!` claims what is not proved",
        "src/error/a.ts:3: `as ... as` makes any type of any other",
        "src/error/a.ts:4: `!` claims what is not proved",
        "src/error/a.ts:5: a comment silences the type checker"
      ]
    ))

  it("find environment, time, chance and output, and let properties of the same names pass", () =>
    assert.deepStrictEqual(
      Code.ambientAccess(
        parseModules({
          "error/a.ts": [
            'const a = process.env["HOME"] ?? process.platform',
            "globalThis.console.log(Date.now())",
            "setTimeout(() => Math.random(), 10)",
            "const b = [new Date(), new Date(0)]",
            'import * as Process from "node:process"',
            "const c = effect.setTimeout(clock.now, other.random)"
          ].join("\n"),
          "cli/main.ts": "setTimeout(() => process.exit(), 10)"
        })
      ).map((violation) => violation.slice(0, violation.indexOf(": ") + 18)),
      [
        "src/error/a.ts:1: `process.env`: u",
        "src/error/a.ts:2: `console` cannot",
        "src/error/a.ts:2: `Date.now`: use ",
        "src/error/a.ts:3: `setTimeout`: us",
        "src/error/a.ts:3: `Math.random`: u",
        "src/error/a.ts:4: `new Date()`: us",
        "src/error/a.ts:5: node:process: us"
      ]
    ))

  it("find try, async and await, and let Effect.try pass", () =>
    assert.deepStrictEqual(
      Code.untypedControlFlow(
        parseModules({
          "error/a.ts": [
            "try { f() } catch {}",
            "const a = async () => 1",
            "async function b() {}",
            "const c = { async d() {} }",
            "const e = Effect.try({ try: () => 1, catch: () => 2 })"
          ].join("\n")
        })
      ).map((violation) => violation.slice(0, violation.indexOf("`", 20) + 1)),
      ["src/error/a.ts:1: `try`", "src/error/a.ts:2: `async`", "src/error/a.ts:3: `async`", "src/error/a.ts:4: `async`"]
    ))
})
