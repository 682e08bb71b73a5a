import { assert, it } from "@effect/vitest"
import { nearest } from "../../src/config/internal/nearest.ts"

const known = ["host", "url", "port", "maxConnections", "minConnections", "actor"]

const found: ReadonlyArray<readonly [given: string, meant: string | undefined]> = [
  ["maxConections", "maxConnections"],
  ["maxConnectoins", "maxConnections"],
  ["MAXCONNECTIONS", "maxConnections"],
  ["minConection", "minConnections"],
  ["actr", "actor"],
  ["acotr", "actor"],
  ["hots", "host"],
  ["pool", undefined],
  ["ssl", undefined],
  ["ac", undefined],
  ["", undefined],
  ["hunter2", undefined],
  ["maximumConnections", undefined]
]

for (const [given, meant] of found) {
  it(`"${given}" ${meant === undefined ? "is near to nothing" : `is taken for ${meant}`}`, () => {
    assert.strictEqual(nearest(given, known), meant)
  })
}

it("Of several that are near the nearest is taken", () => {
  assert.strictEqual(nearest("minConnection", known), "minConnections")
  assert.strictEqual(nearest("mixConnections", ["maxConnection", "minConnections"]), "minConnections")
})
