/** What the README says in prose and in tables, asked of the driver, of npm and of the server. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, References, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Main } from "../../src/index.ts"
import { SessionFactory } from "../../src/session/SessionFactory.ts"
import { freshClient, freshDatabase, TestDatabase } from "../support/Database.ts"
import { blocksOf, tableOf } from "./blocks.ts"

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")

const samples: Readonly<Record<string, string>> = {
  bigint: "1",
  integer: "1",
  numeric: "1.5",
  float8: "1.5",
  timestamptz: "2024-11-22 12:00:00+00",
  timestamp: "2024-11-22 12:00:00",
  date: "2024-11-22",
  json: "{}",
  jsonb: "{}"
}

/** An expression for a column as the README calls it: `numeric`, `count(*)`, `count(*)::integer`, `sum(bigint)`. */
const expressionOf = (column: string): string => {
  const value = (type: string) => `'${samples[type]}'::${type}`
  return column in samples ? value(column) : column.replace(/\((\w+)\)/u, (_, type: string) => `(${value(type)})`)
}

const code = (cell: string) => Array.from(cell.matchAll(/`([^`]+)`/gu), ([, text = ""]) => text)

/** `BigInt` of 1n, `Object` of {}: the constructor, as the README has it. */
const kindOf = (value: unknown) => Object(value).constructor.name

layer(freshClient(), { excludeTestServices: true })("The README", (it) => {
  const rows = tableOf(readme, "A column of")

  it("has a table of what arrives from a column", () => assert.lengthOf(rows, 4))

  for (const [columns = "", arrives = ""] of rows) {
    for (const column of code(columns)) {
      it.effect(`says of ${column} what arrives, ${arrives}`, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const [row] = yield* sql.unsafe<{ value: unknown }>(`SELECT ${expressionOf(column)} AS value`)
          assert.strictEqual(kindOf(row?.value), code(arrives)[0])
        })
      )
    }
  }

  it.effect("says what JSON.stringify refuses, how a number comes of it, and that a timestamp is taken for UTC", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SET TIME ZONE 'America/New_York'`
      const [row] = yield* sql<Record<string, unknown>>`SELECT count(*), count(*)::integer AS number,
        1.5::numeric::float8 AS float, '2024-11-22'::date AS date, '2024-11-22 12:00:00'::timestamp AS timestamp`
      assert.throws(() => JSON.stringify({ count: row?.["count"] }), TypeError)
      assert.deepStrictEqual(
        [row?.["number"], row?.["float"], row?.["date"], row?.["timestamp"]],
        [1, 1.5, "2024-11-22", new Date("2024-11-22T12:00:00Z")]
      )
    })
  )
})

/** The application's layer on a database of its own. */
const mainOf = Effect.gen(function* () {
  const { name, url } = Context.get(yield* Layer.build(freshDatabase()), TestDatabase)
  return { name, live: Main.layer({ url, migrator: url, migrations: [] }) }
})

const whoami = Effect.gen(function* () {
  const { withSession } = yield* SessionFactory
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* withSession({ actor: "ada" })(sql<{ name: string }>`SELECT current_database() AS name`)
  return row?.name
})

describe("The README's claims about Main.layer", () => {
  it.live("let one program work with two databases, the nearest layer deciding", () =>
    Effect.gen(function* () {
      const [first, second] = yield* Effect.all([mainOf, mainOf])
      const both = Effect.gen(function* () {
        const inner = yield* Effect.provide(whoami, second.live)
        return [yield* whoami, inner, yield* whoami]
      })
      const names = yield* Effect.provide(both, first.live)
      assert.deepStrictEqual(names, [first.name, second.name, first.name])
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Warn"))
  )

  it.live("show a statement's text in its span", () =>
    Effect.gen(function* () {
      const { live } = yield* mainOf
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* whoami.pipe(Effect.provide(live), Effect.provideService(Tracer.Tracer, tracer))
      const texts = spans.map(({ attributes }) => attributes.get("db.query.text"))
      assert.include(texts, "SELECT current_database() AS name")
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Warn"))
  )
})

it("The README's way of installing makes a project of ES modules, whatever npm init makes by itself", () => {
  const block = blocksOf(readme).find(({ text }) => text.includes("npm install pgkeel"))
  const directory = mkdtempSync(join(tmpdir(), "pgkeel-install-"))
  try {
    const [before = ""] = block?.text.split(/^npm install/mu) ?? []
    // What npm 11 writes by itself; older ones write nothing, with which Node takes a module for CommonJS as well.
    const script = before.replace("npm init -y", "npm init -y --init-type=commonjs")
    const { status } = spawnSync("sh", ["-ec", script], { cwd: directory })
    assert.strictEqual(status, 0)
    assert.strictEqual(JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).type, "module")
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
