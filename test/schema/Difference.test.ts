/** How two snapshots differ: by their structure, and only by that. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import type { SchemaObject } from "../../src/catalog/SchemaObject.ts"
import type { Snapshot } from "../../src/catalog/Snapshot.ts"
import { SchemaDrift } from "../../src/schema/SchemaError.ts"
import * as Difference from "../../src/schema/Difference.ts"

const snapshot = (objects: ReadonlyArray<SchemaObject>, serverVersion = 180_004): Snapshot => ({
  format: 1,
  serverVersion,
  hash: "",
  objects
})

type Table = Extract<SchemaObject, { readonly kind: "table" }>

const column = { name: "id", type: "integer" } as const

const table = (attributes: Partial<Table> = {}): Table => ({
  kind: "table",
  schema: "shop",
  name: "customer",
  columns: [column],
  ...attributes
})

const said = (expected: ReadonlyArray<SchemaObject>, actual: ReadonlyArray<SchemaObject>) =>
  Difference.between(snapshot(expected), snapshot(actual)).map(Difference.describe)

const check = { name: "c", kind: "check", columns: ["id"], definition: "CHECK (true)" } as const

describe("Differences", () => {
  it("are none between equal snapshots, in whichever order keys are", () => {
    const one = table({ owner: "ada", comment: "x" })
    const { columns, name, schema, ...others } = one
    assert.deepStrictEqual(said([one], [{ ...others, columns, name, schema }]), [])
  })

  it("say what is missing, what is unexpected and what is otherwise, each by its kind and name", () => {
    const view: SchemaObject = { kind: "view", schema: "shop", name: "v", columns: [column], definition: "SELECT 1" }
    assert.deepStrictEqual(
      said(
        [table({ constraints: [check], owner: "ada" }), view],
        [
          table({
            columns: [
              { ...column, type: "bigint", notNull: true },
              { name: "age", type: "text" }
            ]
          })
        ]
      ),
      [
        "column shop.customer.id differs (type: integer -> bigint)",
        "column shop.customer.id differs (notNull: none -> true)",
        "column shop.customer.age is unexpected (text)",
        "constraint shop.customer.c is missing (CHECK (true))",
        "table shop.customer differs (owner: ada -> none)",
        "view shop.v is missing (SELECT 1)"
      ]
    )
  })

  it("say that columns are in another order", () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => ({ name, type: "text" }))
    assert.isDefined(a && b && c)
    if (!a || !b || !c) return
    assert.deepStrictEqual(said([table({ columns: [a, b] })], [table({ columns: [c, b, a] })]), [
      "column shop.customer.c is unexpected (text)",
      "table shop.customer differs (order of columns: a, b -> b, a)"
    ])
  })

  it("say of grants who may do what", () => {
    const grants = (...privileges: ReadonlyArray<string>) => table({ grants: [{ name: "reader", privileges }] })
    assert.deepStrictEqual(said([grants("SELECT")], [grants("SELECT", "UPDATE")]), [
      "grant shop.customer.reader differs (privileges: SELECT -> SELECT, UPDATE)"
    ])
    assert.deepStrictEqual(said([table()], [grants("SELECT")]), ["grant shop.customer.reader is unexpected (SELECT)"])
  })

  it("tell objects of one name and of different kinds apart, and an empty list from none", () => {
    const type: SchemaObject = { kind: "enum", schema: "shop", name: "customer", labels: [] }
    assert.deepStrictEqual(said([type], [table()]), [
      "enum shop.customer is missing",
      "table shop.customer is unexpected"
    ])
    assert.lengthOf(said([table()], [table({ constraints: [] })]), 1)
  })

  it("show of a long definition the first line that is otherwise", () => {
    const routine = (body: string): SchemaObject => ({
      kind: "function",
      schema: "shop",
      name: "f()",
      definition: `CREATE FUNCTION shop.f()\nAS $$\n  ${body}\n$$`
    })
    assert.deepStrictEqual(said([routine("SELECT 1")], [routine("SELECT 2")]), [
      "function shop.f() differs (definition: line 3: SELECT 1 -> SELECT 2)"
    ])
    const wide = (end: string): SchemaObject => ({
      kind: "function",
      schema: "s",
      name: "g()",
      definition: `${"x".repeat(200)}${end}`
    })
    assert.deepStrictEqual(said([wide("a")], [wide("b")]), [
      `function s.g() differs (definition: ...${"x".repeat(20)}a -> ...${"x".repeat(20)}b)`
    ])
  })

  it("are rendered one on a line, with a sign", () => {
    const differences = Difference.between(
      snapshot([table()]),
      snapshot([table({ columns: [{ ...column, type: "bigint" }], constraints: [check] })])
    )
    assert.strictEqual(
      Difference.render(differences),
      "~ column shop.customer.id  type: integer -> bigint\n+ constraint shop.customer.c  CHECK (true)"
    )
    assert.strictEqual(Difference.render([]), "")
  })

  it("are told in an error up to a number that can be read, and the error has all of them", () => {
    const many = Array.from({ length: 25 }, (_, n) => ({ name: `c${n}`, type: "text" }))
    const [first, ...others] = Difference.between(
      snapshot([table()]),
      snapshot([table({ columns: [column, ...many] })])
    )
    if (first === undefined) return assert.fail("no difference")
    const { message } = new SchemaDrift({ differences: [first, ...others], snapshot: "schema.json" })
    assert.include(message, "the schema differs from schema.json: column shop.customer.c0 is unexpected (text); ")
    assert.include(message, "column shop.customer.c19 is unexpected (text); and 5 more; undo what was changed")
  })

  it("carry both values", () => {
    const [difference] = Difference.between(snapshot([table({ owner: "ada" })]), snapshot([table({ owner: "bob" })]))
    assert.deepStrictEqual(difference, {
      kind: "table",
      object: "shop.customer",
      change: "changed",
      attribute: "owner",
      from: "ada",
      to: "bob",
      detail: "owner: ada -> bob"
    })
  })
})

const across = (older: ReadonlyArray<SchemaObject>, newer: ReadonlyArray<SchemaObject>, from: number, to: number) => [
  ...Difference.between(snapshot(older, from), snapshot(newer, to)),
  ...Difference.between(snapshot(newer, to), snapshot(older, from))
]

describe("Snapshots of two major versions", () => {
  const notNull = { name: "n", kind: "not null", columns: ["id"], definition: "NOT NULL id" } as const

  it("do not differ in what PostgreSQL came to write otherwise", () => {
    const owned = (owner: string): SchemaObject => ({ kind: "schema", name: "public", owner })
    const view = (definition: string): SchemaObject => ({
      kind: "view",
      schema: "shop",
      name: "v",
      columns: [column],
      definition
    })
    const extension = (version: string): SchemaObject => ({ kind: "extension", schema: "public", name: "e", version })
    const granted = (...privileges: ReadonlyArray<string>) => table({ grants: [{ name: "ada", privileges }] })
    assert.deepStrictEqual(across([owned("postgres")], [owned("pg_database_owner")], 140_019, 150_014), [])
    assert.deepStrictEqual(across([view("SELECT t.id FROM t")], [view("SELECT id FROM t")], 150_014, 160_010), [])
    assert.deepStrictEqual(across([granted("SELECT")], [granted("MAINTAIN", "SELECT")], 160_010, 170_006), [])
    assert.deepStrictEqual(across([table()], [table({ constraints: [notNull] })], 170_006, 180_000), [])
    assert.deepStrictEqual(across([extension("1.10")], [extension("1.12")], 170_006, 180_000), [])
  })

  // Of one schema, as servers of these versions have written it.
  const written = [14, 15, 16, 17, 18].map((major): Snapshot =>
    JSON.parse(readFileSync(new URL(`./versions/${major}.json`, import.meta.url), "utf8"))
  )

  it("do not differ in what real servers write of one schema, which is not what they write", () => {
    for (const older of written) {
      for (const newer of written) assert.strictEqual(Difference.render(Difference.between(older, newer)), "")
    }
    assert.lengthOf(new Set(written.map(({ hash }) => hash)), written.length)
  })

  it("differ in everything else, and those of one major version in all", () => {
    assert.lengthOf(across([table()], [table({ owner: "ada" })], 140_019, 180_000), 2)
    assert.lengthOf(across([table()], [table({ constraints: [notNull] })], 180_000, 180_004), 2)
    assert.lengthOf(across([table()], [table({ constraints: [check, notNull] })], 170_006, 180_000), 2)
  })
})
