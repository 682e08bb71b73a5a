/**
 * The versions that the package is developed against and the ones that it
 * accepts. Everything under `effect/sql` and `@effect/sql-pg` may change in any
 * release, so a range is a claim that somebody has checked.
 */
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { manifest, npm } from "./packing.ts"

const root = Path.join(import.meta.dirname, "../..")

/**
 * Change a line here only after the whole suite has passed on the new version
 * and the range has been looked at: does what it says still hold at both ends?
 */
const reviewed = {
  effect: { developed: "4.1.0", accepted: "~4.1.0" },
  "@effect/sql-pg": { developed: "4.0.5", accepted: "~4.0.5" },
  "@effect/platform-node": { developed: "4.1.0", accepted: "~4.1.0" }
}

describe("the versions", () => {
  it("of Effect's packages and their peer ranges are the ones that were reviewed together", () => {
    const names = Object.keys(reviewed)
    const found = names.map((name) => [
      name,
      { developed: manifest.devDependencies[name], accepted: manifest.peerDependencies[name] }
    ])
    assert.deepStrictEqual(Object.fromEntries(found), reviewed)
  })

  it("that are installed are the ones that were reviewed", () => {
    for (const [name, { developed }] of Object.entries(reviewed)) {
      const installed = JSON.parse(Fs.readFileSync(Path.join(root, "node_modules", name, "package.json"), "utf8"))
      assert.strictEqual(installed.version, developed, name)
    }
  })

  it("of everything that the package is developed with are exact", () => {
    const all = { ...manifest.devDependencies, ...manifest.dependencies }
    assert.deepStrictEqual(
      Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
      []
    )
  })

  // npm reads a synthetic lock file: what it finds invalid there it would refuse to install.
  it("that the package is developed with are accepted by npm as its peers", async () => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "pgkeel-versions-"))
    onTestFinished(() => Fs.rmSync(folder, { recursive: true, force: true }))
    const { "": _, ...installed } = JSON.parse(Fs.readFileSync(Path.join(root, "package-lock.json"), "utf8")).packages
    const { dependencies, peerDependencies, peerDependenciesMeta, version } = manifest
    const peers = Object.keys(peerDependencies).map((name) => [name, manifest.devDependencies[name]])
    const consumer = { name: "app", version: "1.0.0", dependencies: { pgkeel: version, ...Object.fromEntries(peers) } }
    const pgkeel = {
      version,
      dependencies,
      peerDependencies,
      peerDependenciesMeta,
      resolved: "https://example.org/pgkeel.tgz"
    }
    const packages = { "": consumer, "node_modules/pgkeel": pgkeel, ...installed }
    Fs.writeFileSync(Path.join(folder, "package.json"), JSON.stringify(consumer))
    Fs.writeFileSync(
      Path.join(folder, "package-lock.json"),
      JSON.stringify({ ...consumer, lockfileVersion: 3, requires: true, packages })
    )
    const { output } = await npm(["ls", "--package-lock-only", "--all"], folder)
    assert.deepStrictEqual(
      output.split("\n").filter((line) => /npm error (invalid|missing)/.test(line)),
      []
    )
  })
})
