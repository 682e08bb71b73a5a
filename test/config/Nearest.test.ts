import { assert, it } from "@effect/vitest"
import { nearest } from "../../src/config/internal/nearest.ts"

const known = ["host", "url", "port", "maxConnections", "minConnections", "actor"]

const composed = [
  "migrationPolicies",
  "migrationHooks",
  "migrations",
  "migrator",
  "username",
  "sslMode",
  "PGKEEL_POOL_MAX"
]

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

const parts: ReadonlyArray<readonly [given: string, meant: string | undefined]> = [
  ["migrationPolicy", "migrationPolicies"],
  ["policies", "migrationPolicies"],
  ["hooks", "migrationHooks"],
  ["hook", "migrationHooks"],
  ["migration_hooks", "migrationHooks"],
  ["migratorUrl", "migrator"],
  ["user", "username"],
  ["ssl", "sslMode"],
  ["pool_max", "PGKEEL_POOL_MAX"],
  ["migration", "migrations"],
  ["name", undefined],
  ["migr", undefined],
  ["mode_of", undefined],
  ["", undefined]
]

for (const [given, meant] of parts) {
  it(`"${given}" ${meant === undefined ? "is a part of none, or of several" : `is a part of ${meant}`}`, () => {
    assert.strictEqual(nearest(given, composed), meant)
  })
}
