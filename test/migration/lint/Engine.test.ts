import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { examples, findings } from "./support.ts"

describe("lint", () => {
  it.effect("places a finding in characters, behind what is not ASCII", () =>
    Effect.gen(function* () {
      const found = yield* findings("-- äöü 🎉\nCOMMENT ON TABLE t IS 'é'; CREATE INDEX i ON t (a);\n")
      assert.deepStrictEqual(
        found.map(({ column, line, rule }) => ({ rule, line, column })),
        [{ rule: "concurrent-index", line: 2, column: 28 }]
      )
    })
  )

  it.effect("tells what the parser does not take as a finding", () =>
    Effect.gen(function* () {
      const [found] = yield* findings("SELECT 1;\nSELEC 2;")
      assert.deepStrictEqual([found?.rule, found?.line, found?.column], ["syntax", 2, 1])
    })
  )

  it.effect("tells what the migrator does not run as a finding, too", () =>
    Effect.gen(function* () {
      const [found, ...others] = yield* findings("SELECT 1;\nCOMMIT;")
      assert.deepInclude(found, { rule: "syntax", line: 2, column: 1, message: "COMMIT is not run" })
      assert.deepStrictEqual(others, [])
    })
  )

  it.effect("places what the migrator does not run", () =>
    Effect.gen(function* () {
      for (const [sql, place] of [
        ["SELECT 1; COMMIT;", "1:11"],
        ["SELECT 1;\n  -- pgkeel:lock-timout 1s\nSELECT 2;", "2:3"],
        ["SELECT 'ä'; \\i other.sql\n", "1:13"]
      ] as const) {
        const [found] = yield* findings(sql)
        assert.strictEqual(`${found?.line}:${found?.column} ${found?.rule}`, `${place} syntax`, sql)
      }
    })
  )

  it.effect("is quiet about a table that the same migration has made", () =>
    Effect.gen(function* () {
      for (const made of [
        "CREATE TABLE t (a int)",
        "CREATE TABLE public.t (a int)",
        "CREATE TABLE t AS SELECT 1 a",
        "CREATE TABLE s (a int); ALTER TABLE s RENAME TO t"
      ]) {
        assert.deepStrictEqual(yield* findings(`${made}; CREATE INDEX i ON t (a);`), [])
      }
      assert.lengthOf(yield* findings("CREATE TABLE other.t (a int); CREATE INDEX i ON t (a);"), 1)
      assert.lengthOf(yield* findings("CREATE INDEX i ON t (a); CREATE TABLE t (a int);"), 1)
    })
  )
})

describe("a comment pgkeel:allow", () => {
  const index = "CREATE INDEX i ON t (a);"

  it.effect.each([
    `-- pgkeel:allow concurrent-index: the table is small\n${index}`,
    `SELECT 1;\n-- pgkeel:allow concurrent-index: the table is small\n-- and more\n${index}`,
    "CREATE INDEX i -- pgkeel:allow concurrent-index: the table is small\n ON t (a);",
    `${index} -- pgkeel:allow concurrent-index: the table is small\nSELECT 1;`,
    `-- pgkeel:allow-file concurrent-index, work-behind-lock: small tables only\n${index} ${index.replace("i", "j")}`
  ])("allows it: %s", (sql) => Effect.map(findings(sql), (found) => assert.deepStrictEqual(found, [])))

  it.effect.each([
    [`-- pgkeel:allow concurrent-index\n${index}`, ["allow-invalid", "concurrent-index"]],
    [`-- pgkeel:allow concurrent-index:   \n${index}`, ["allow-invalid", "concurrent-index"]],
    [`-- pgkeel:allow: because\n${index}`, ["allow-invalid", "concurrent-index"]],
    [`-- pgkeel:allow concurent-index: small\n${index}`, ["allow-invalid", "concurrent-index"]],
    [`-- pgkeel:allow concurrent-index, set-not-null: small\n${index}`, ["allow-unused"]],
    [`-- pgkeel:allow concurrent-index: small\nSELECT 1;\n${index}`, ["allow-unused", "concurrent-index"]],
    [`SELECT '-- pgkeel:allow concurrent-index: small';\n${index}`, ["concurrent-index"]],
    [`${index}\n-- pgkeel:allow concurrent-index: small\n`, ["concurrent-index", "allow-invalid"]],
    [`/* pgkeel:allow concurrent-index: small */ ${index}`, ["allow-invalid", "concurrent-index"]],
    ["SELECT 1;\n-- pgkeel:allow-file concurrent-index: small\n", ["allow-unused"]]
  ] as const)("is itself a finding where it allows nothing: %s", ([sql, rules]) =>
    Effect.map(findings(sql), (found) =>
      assert.deepStrictEqual(
        found.map(({ rule }) => rule),
        [...rules]
      )
    )
  )
})

describe("a comment pgkeel:allow with a name that no rule has", () => {
  it.effect.each([
    ["drop-colum", "-- did you mean drop-column?"],
    ["not-this", "-- write the name of the rule as its finding shows it"]
  ] as const)("is told which is meant where one is near: %s", ([name, fix]) =>
    Effect.map(findings(`-- pgkeel:allow ${name}: nothing reads it\nSELECT 1;`), ([found]) => {
      assert.strictEqual(found?.message, `this comment allows nothing: there is no rule ${name}`)
      assert.strictEqual(found?.fix, fix)
    })
  )
})

examples(
  "concurrent-index",
  [{ sql: "CREATE UNIQUE INDEX i ON app.t (a)", fix: "CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (a);" }],
  ["CREATE INDEX CONCURRENTLY i ON t (a)"]
)

examples(
  "set-not-null",
  [
    {
      sql: "ALTER TABLE t ADD COLUMN b int, ALTER a SET NOT NULL",
      at: "1:33",
      fix: "ALTER TABLE t ADD CONSTRAINT t_a_not_null CHECK (a IS NOT NULL) NOT VALID;"
    }
  ],
  ["CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL"]
)
