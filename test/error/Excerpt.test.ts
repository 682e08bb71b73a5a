/** Where a statement is wrong, as a developer is shown it. */
import { assert, describe, it } from "@effect/vitest"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import * as Reason from "../../src/error/Reason.ts"
import { reported } from "./driver.ts"

/** An error that points to where `^` stands in the text, which is not part of the statement. */
const pointing = (marked: string, newline = "\n") => {
  const statement = marked.replace("^", "").replaceAll("\n", newline)
  const position = Array.from(marked.slice(0, marked.indexOf("^")).replaceAll("\n", newline)).length + 1
  return DatabaseError.fromSqlError(
    reported({ code: "42601", message: 'syntax error at or near "FORM"', position: String(position) }),
    { statement }
  )
}

/** The lines below the message. */
const shown = (error: DatabaseError) => DatabaseError.render(error).split("\n").slice(2)

describe("a position in a statement", () => {
  it("is told as line and column, and shown by a caret between its neighbours", () => {
    const error = pointing("SELECT *\n  ^FORM users\n WHERE id = $1\n   AND name = $2")
    assert.deepStrictEqual(error.location, { line: 2, column: 3 })
    assert.strictEqual(
      DatabaseError.render(error),
      [
        'PGK4004 SqlSyntaxError: the statement cannot be parsed: syntax error at or near "FORM" (line 2, column 3); correct it',
        "",
        "1 | SELECT *",
        "2 |   FORM users",
        "  |   ^",
        "3 |  WHERE id = $1"
      ].join("\n")
    )
  })

  it("counts characters, whatever JavaScript makes of them", () => {
    const error = pointing("SELECT '😀é' ^FORM t")
    assert.strictEqual(error.reason._tag === "SqlSyntaxError" && error.reason.position, 13)
    assert.deepStrictEqual(error.location, { line: 1, column: 13 })
  })

  it("is the same after any kind of line break", () => {
    for (const newline of ["\n", "\r\n", "\r"]) {
      assert.deepStrictEqual(pointing("SELECT 1\n\n FR^OM t", newline).location, { line: 3, column: 4 })
    }
  })

  it("has its caret below the character after tabs, wide characters and combining marks", () => {
    assert.deepStrictEqual(shown(pointing("\tSELECT\t^FORM")), ["1 | \tSELECT\tFORM", "  | \t      \t^"])
    assert.deepStrictEqual(shown(pointing("SELECT '漢😀' ^FORM")), ["1 | SELECT '漢😀' FORM", `  | ${" ".repeat(14)}^`])
    assert.deepStrictEqual(shown(pointing("SELECT 'e\u0301' ^FORM")), [
      "1 | SELECT 'e\u0301' FORM",
      `  | ${" ".repeat(11)}^`
    ])
  })

  it("may be one behind the end, and further behind there is nothing to show", () => {
    assert.deepStrictEqual(shown(pointing("SELECT (^")), ["1 | SELECT (", "  |         ^"])
    const beyond = DatabaseError.fromSqlError(reported({ code: "42601", position: "12" }), { statement: "SELECT (" })
    assert.isUndefined(beyond.location)
    assert.notInclude(DatabaseError.render(beyond), "^")
  })

  it("is shown in a window where the line is long", () => {
    const error = pointing(`SELECT ${"a, ".repeat(20_000)}^FORM t${", b".repeat(20_000)}`)
    const [line = "", caret = "", ...rest] = shown(error)
    assert.deepStrictEqual(rest, [])
    assert.isAtMost(line.length, 110)
    assert.match(line, /^1 \| …[a, ]+FORM t[b, ]+…$/)
    assert.strictEqual(line.indexOf("FORM"), caret.indexOf("^"))
  })

  it("shows a statement's control characters and obeys none of them", () => {
    assert.notInclude(DatabaseError.render(pointing("SELECT '\u001b[2J' ^FORM")), "\u001b")
  })

  it("is told as a character where the statement is not known", () => {
    const error = DatabaseError.fromSqlError(reported({ code: "42P01", message: "no such thing", position: "15" }))
    assert.isUndefined(error.location)
    assert.include(error.message, "no such thing (character 15)")
  })

  it("is told of what is not there, too", () => {
    for (const code of ["42P01", "42703", "42883", "42702"]) {
      const error = DatabaseError.fromSqlError(reported({ code, message: "?", position: "8" }), {
        statement: "SELECT nothing"
      })
      assert.include(error.message, "(line 1, column 8)")
      assert.deepStrictEqual(shown(error), ["1 | SELECT nothing", "  |        ^"])
    }
  })

  it("is looked for in a function's query where the failure is in one", () => {
    const error = DatabaseError.fromSqlError(
      reported({ code: "42703", hint: "look again", internalQuery: "SELECT secret", internalPosition: "8" })
    )
    assert.deepStrictEqual(shown(error), [
      "in a function's query:",
      "1 | SELECT secret",
      "  |        ^",
      "",
      "hint: look again"
    ])
    assert.notInclude(JSON.stringify(error), "secret")
  })

  it("is followed by no hint that the message has already told", () => {
    const error = DatabaseError.fromSqlError(reported({ code: "P0001", message: "no", hint: "Come tomorrow." }))
    assert.match(error.message, /; Come tomorrow$/u)
    assert.deepStrictEqual(shown(error), [])
  })

  it("is not taken from what is no number", () => {
    for (const position of ["", "0", "-1", "x", "1e999", "1.5"]) {
      const { reason } = DatabaseError.fromSqlError(reported({ code: "42601", position }), { statement: "SELECT" })
      assert.notProperty(reason, "position")
    }
  })

  it("of the last attempt is shown when a policy gave up", () => {
    const last = new Reason.SqlSyntaxError({ statement: "SELEC", position: 1 })
    const error = new DatabaseError({ reason: new Reason.RetriesExhausted({ attempts: [], last }) })
    assert.deepStrictEqual(shown(error), ["1 | SELEC", "  | ^"])
  })
})
