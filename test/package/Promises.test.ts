/** What the package promises to whoever depends on it by name. */
import { assert, describe, it } from "@effect/vitest"
import * as Fs from "node:fs"
import * as Path from "node:path"

const root = Path.join(import.meta.dirname, "../..")
const read = (file: string) => Fs.readFileSync(Path.join(root, file), "utf8")

/** A name goes from here, or comes, with an entry in the changelog. */
const rootExports = [
  "AdvisoryLock",
  "Backfill",
  "Bulk",
  "ConnectionManager",
  "ConnectionState",
  "Copy",
  "CredentialError",
  "CredentialManager",
  "Cursor",
  "DatabaseConfig",
  "DatabaseConfigError",
  "DatabaseError",
  "DatabaseErrorHandler",
  "Diagram",
  "Difference",
  "EnvFile",
  "KeyProvider",
  "LoginSource",
  "Main",
  "MainLive",
  "MigrationError",
  "MigrationSource",
  "Migrator",
  "NoTransaction",
  "Provisioner",
  "ProvisioningError",
  "Reason",
  "Retry",
  "RetryBudget",
  "RowLock",
  "SchemaError",
  "SchemaVerifier",
  "ScramVerifier",
  "Sealed",
  "SecretError",
  "ServerInfo",
  "Session",
  "SessionError",
  "SessionFactory",
  "SessionHooks",
  "SharedSnapshot",
  "Snapshot",
  "SnapshotFile",
  "SqlState",
  "StartReport",
  "StoredLogin",
  "TableInitializer"
]

const testingExports = ["EmbeddedPostgres", "EmbeddedPostgresError", "TestDatabase", "TestDatabaseError"]

describe("the package", () => {
  it("has these names at its root, and no others", async () =>
    assert.deepStrictEqual(Object.keys(await import("../../src/index.ts")).toSorted(), rootExports))

  it("has these names for tests", async () =>
    assert.deepStrictEqual(Object.keys(await import("../../src/testing/index.ts")).toSorted(), testingExports))

  it("is under the MIT license, and has its text with it", () => {
    const { files, license } = JSON.parse(read("package.json"))
    assert.strictEqual(license, "MIT")
    assert.include(files, "LICENSE")
    const text = read("LICENSE")
    assert.match(text, /^MIT License\n\nCopyright \(c\) \d{4} /)
    assert.include(text, "Permission is hereby granted, free of charge, to any person obtaining a copy")
    assert.include(text, 'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND')
  })
})
