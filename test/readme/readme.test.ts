/** What the README lists and names, held to what is so. Its programs are run by the tests of processes. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { knownVariables } from "../../src/config/internal/unknownVariables.ts"
import { bare } from "../error/samples.ts"
import { tableOf } from "./blocks.ts"
import { cliReference } from "./cliReference.ts"
import { driverReasons, reasonRows, settingRows } from "./tables.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const readme = readFileSync(join(root, "README.md"), "utf8")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

describe("The README", () => {
  it("has tables whose rows all have as many cells as their heading, without which they are no tables", () => {
    const tables = readme.match(/(?:^\|.*\n)+/gmu) ?? []
    assert.isAbove(tables.length, 4)
    for (const table of tables) {
      const cells = table
        .trimEnd()
        .split("\n")
        .map((row) => row.split("|").length)
      assert.deepStrictEqual(
        cells,
        cells.map(() => cells[0]),
        table.slice(0, 200)
      )
    }
  })

  it("lists every setting with its variable, option, default and meaning", () => {
    const rows = tableOf(readme, "Variable")
    const names = settingRows.map(([variable]) => variable)
    assert.deepStrictEqual(
      rows.filter(([variable]) => names.includes(variable)),
      settingRows
    )
    assert.deepStrictEqual(
      rows.filter((row) => row.length !== 4),
      []
    )
  })

  it("lists every reason with its code, its category, its transience and what may be run again", () => {
    const rows = tableOf(readme, "Code").map((row) => row.filter((_, column) => column !== 3))
    assert.deepStrictEqual(rows, reasonRows)
  })

  it("lists every command and every flag, as the commands have them (npm run reference writes them)", async () => {
    const { commands, flags } = await cliReference
    assert.deepStrictEqual(tableOf(readme, "Command"), commands)
    assert.deepStrictEqual(tableOf(readme, "Flag"), flags)
  })

  it("says what happened of every reason", () => {
    const sentences = tableOf(readme, "Code").map((row) => row[3] ?? "")
    assert.deepStrictEqual(
      sentences.filter((sentence) => sentence.length < 10),
      []
    )
    assert.strictEqual(new Set(sentences).size, sentences.length)
  })

  it("lists every variable that is read, and no other", () => {
    const listed = tableOf(readme, "Variable").map(([variable = ""]) => variable.slice(1, -1))
    const pgkeel = [...knownVariables].filter((name) => !name.endsWith("_FILE"))
    const source = readFileSync(join(root, "src/config/internal/load.ts"), "utf8")
    const login = Array.from(source.matchAll(/"(PG[A-Z_]+)"/gu), ([, name]) => name)
    const urls = ["DATABASE_URL", "DATABASE_MIGRATOR_URL", "DATABASE_ADMIN_URL"]
    assert.deepStrictEqual(listed.toSorted(), [...new Set([...pgkeel, ...login, ...urls])].toSorted())
  })

  it("shows only commands and flags that there are", async () => {
    const { commands, flags } = await cliReference
    const paths = commands.map(([command = ""]) => command.replaceAll(/^`pgkeel | [[A-Z].*$|`/gu, ""))
    const lines = [...readme.matchAll(/^npx pgkeel (.+)$/gmu)].map(([, line = ""]) => line)
    assert.isAbove(lines.length, 10)
    for (const line of lines) {
      const path = paths.find((one) => line === one || line.startsWith(`${one} `))
      assert.isDefined(path, line)
      const group = path?.split(" ")[0] ?? ""
      const known = flags.flatMap(([flag = "", of = ""]) =>
        [`\`${path}\``, `all of \`${group}\``, "all"].includes(of) ? [/--[a-z-]+/u.exec(flag)?.[0]] : []
      )
      assert.deepStrictEqual(
        [...line.matchAll(/--[a-z-]+/gu)].map(([flag]) => flag).filter((flag) => !known.includes(flag)),
        [],
        line
      )
    }
  })

  it("counts the reasons, ours and the driver's, as they are", () => {
    assert.include(readme, `| ${driverReasons} reasons, of which one is`)
    assert.include(readme, `| ${bare.length} reasons; `)
  })

  it("names only scripts that exist, and installs what the package asks for", () => {
    const scripts = [...readme.matchAll(/npm (?:run )?([a-z:-]+)/gu)].flatMap(([command, name = ""]) =>
      command.startsWith("npm run") || name === "test" ? [name] : []
    )
    assert.include(scripts, "quickstart")
    assert.deepStrictEqual(
      scripts.filter((name) => !(name in manifest.scripts)),
      []
    )
    assert.isTrue(existsSync(join(root, ".ci/run")))
    const [, installed = ""] = /npm install (pgkeel .+)/u.exec(readme) ?? []
    const optional = Object.keys(manifest.peerDependenciesMeta)
    const required = Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name))
    assert.deepStrictEqual(installed.split(" ").toSorted(), [manifest.name, ...required].toSorted())
  })

  it("has no link to a heading that is not there", () => {
    const anchors = [...readme.matchAll(/^#+ (.+)$/gmu)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9 _-]/gu, "")
        .replaceAll(" ", "-")
    )
    const links = [...readme.matchAll(/\]\(#([^)]+)\)/gu)].map(([, anchor = ""]) => anchor)
    assert.isAbove(links.length, 10)
    assert.deepStrictEqual(
      links.filter((anchor) => !anchors.includes(anchor)),
      []
    )
  })
})
