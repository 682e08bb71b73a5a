/** Which differences an application can live with. */
import { assert, describe, it } from "@effect/vitest"
import type { SchemaObject } from "../../src/catalog/SchemaObject.ts"
import { between, describe as say } from "../../src/schema/Difference.ts"
import { ignorableProblem, ignoring } from "../../src/schema/internal/ignoring.ts"
import { isMended, restrictions } from "../../src/schema/internal/tolerance.ts"

type Table = Extract<SchemaObject, { readonly kind: "table" }>

const id = { name: "id", type: "integer" } as const

const table = (attributes: Partial<Table> = {}): Table => ({
  kind: "table",
  schema: "shop",
  name: "customer",
  columns: [id],
  ...attributes
})

const differences = (expected: ReadonlyArray<SchemaObject>, actual: ReadonlyArray<SchemaObject>) => {
  const snapshot = (objects: ReadonlyArray<SchemaObject>) =>
    ({ format: 1, serverVersion: 180_004, hash: "", objects }) as const
  return between(snapshot(expected), snapshot(actual))
}

/** What an earlier release cannot live with, of what was made of an empty table. */
const restricting = (actual: Partial<Table>, ...more: ReadonlyArray<SchemaObject>) =>
  restrictions(differences([table()], [table(actual), ...more])).map(say)

const check = { name: "c", kind: "check", columns: ["id"], definition: "CHECK (id > 0)" } as const
const index = { name: "i", definition: "CREATE UNIQUE INDEX", columns: ["id"] } as const
const policy = { name: "p", command: "all", roles: ["public"] } as const

describe("An earlier release", () => {
  it("can live with columns that need no value, and with new objects", () => {
    const columns = [
      id,
      { name: "a", type: "text" },
      { name: "b", type: "text", notNull: true, default: "''" },
      { name: "c", type: "integer", notNull: true, identity: "always" },
      { name: "d", type: "integer", notNull: true, generated: "id" }
    ] as const
    const view: SchemaObject = { kind: "view", schema: "shop", name: "v", columns: [id], definition: "SELECT 1" }
    assert.deepStrictEqual(restricting({ columns, comment: "later", policies: [policy], indexes: [index] }, view), [])
  })

  it("can live with constraints and unique indexes that are over new columns alone", () => {
    const columns = [id, { name: "a", type: "text" }]
    const over = ["a"]
    assert.deepStrictEqual(
      restricting({
        columns,
        constraints: [{ ...check, columns: over }],
        indexes: [{ ...index, unique: true, columns: over }]
      }),
      []
    )
  })

  it("cannot with what refuses, hides or rewrites its rows, or with anything that is gone or otherwise", () => {
    assert.deepStrictEqual(restricting({ columns: [id, { name: "a", type: "text", notNull: true }] }), [
      "column shop.customer.a is unexpected (text NOT NULL)"
    ])
    assert.lengthOf(restricting({ constraints: [check] }), 1)
    assert.lengthOf(restricting({ indexes: [{ ...index, unique: true }] }), 1)
    assert.lengthOf(restricting({ indexes: [{ ...index, unique: true, columns: [""] }] }), 1)
    assert.lengthOf(restricting({ policies: [{ ...policy, restrictive: true }] }), 1)
    assert.lengthOf(restricting({ rules: [{ name: "r", definition: "CREATE RULE" }] }), 1)
    assert.lengthOf(restricting({ rowSecurity: true }), 1)
    assert.lengthOf(restricting({ columns: [{ ...id, type: "bigint" }] }), 1)
    assert.lengthOf(restricting({ columns: [] }), 1)
  })

  it("can live with more labels and privileges, and not with fewer", () => {
    const mood = (...labels: ReadonlyArray<string>): SchemaObject => ({
      kind: "enum",
      schema: "s",
      name: "mood",
      labels
    })
    const granted = (...privileges: ReadonlyArray<string>) => table({ grants: [{ name: "ada", privileges }] })
    const small = [mood("a", "c"), granted("SELECT")]
    const large = [mood("a", "b", "c"), granted("INSERT", "SELECT")]
    assert.deepStrictEqual(restrictions(differences(small, large)), [])
    assert.lengthOf(restrictions(differences(large, small)), 2)
  })
})

it("A constraint and an index that are valid where they were not are put right, and not the other way round", () => {
  const open = table({
    constraints: [{ ...check, definition: "CHECK (id > 0) NOT VALID", notValid: true }],
    indexes: [{ ...index, invalid: true }]
  })
  const valid = table({ constraints: [check], indexes: [index] })
  assert.isTrue(differences([open], [valid]).every(isMended))
  assert.isFalse(differences([valid], [open]).some(isMended))
})

describe("What is ignored", () => {
  const left = (
    expected: ReadonlyArray<SchemaObject>,
    actual: ReadonlyArray<SchemaObject>,
    ...entries: ReadonlyArray<string>
  ) => {
    const ignored = ignoring(entries)
    const looked = (objects: ReadonlyArray<SchemaObject>) => objects.filter((one) => !ignored.object(one))
    return differences(looked(expected), looked(actual))
      .filter((one) => !ignored.difference(one))
      .map(say)
  }
  const changed = table({
    columns: [{ ...id, type: "bigint" }],
    owner: "ada",
    comment: "x",
    grants: [{ name: "ada", privileges: ["SELECT"] }]
  })

  it("is an object with all that is in it, by kind and name, with * for any text", () => {
    assert.lengthOf(left([table()], [changed]), 4)
    for (const entry of ["table shop.customer", "table shop.*", "* shop.cust*", "* *", "t*e *.customer"]) {
      assert.deepStrictEqual(left([table()], [changed], entry), [], entry)
    }
    for (const entry of ["view shop.*", "table shop.customers", "table shop?customer"]) {
      assert.lengthOf(left([table()], [changed], entry), 4, entry)
    }
  })

  it("has to be of a kind that there is, and what was meant is told", () => {
    for (const entry of [
      ["table a.b", "* a.b", "* *", "t*e a.b", "materialized view a.b", "m* a.b", "*view a.b", "grants", "grant a.b.c"],
      ["foreign table a b", "default privileges ada", "text search parser a.b", "column *.note", "index a.b.c"],
      ["event trigger x", "domain a.b", "policy a.b.c", "attribute a.b.c", "parent a.b.c"]
    ].flat()) {
      assert.isUndefined(ignorableProblem(entry), entry)
    }
    for (const [entry, problem] of [
      ["tabel audit", "of a kind that there is not (did you mean table?)"],
      ["materialised view a.b", "of a kind that there is not (did you mean materialized view?)"],
      ["primary key a.b.c", "of a kind that there is not"],
      ["x* a.b", "of a kind that there is not"],
      ["owner", "neither a kind with a name nor a class (did you mean owners?)"],
      ["", "neither a kind with a name nor a class"],
      ["shop.customer", "neither a kind with a name nor a class"],
      ["TABLE a", "neither a kind with a name nor a class"],
      ["table", "neither a kind with a name nor a class"]
    ] as const) {
      assert.strictEqual(ignorableProblem(entry), problem, entry)
    }
  })

  it("is a part of an object, or what it has from all objects", () => {
    assert.deepStrictEqual(left([table()], [changed], "column shop.customer.id", "owners", "comments"), [
      "grant shop.customer.ada is unexpected (SELECT)"
    ])
    assert.deepStrictEqual(left([table()], [changed], "grants", "column *.id"), [
      "table shop.customer differs (owner: none -> ada)",
      "table shop.customer differs (comment: none -> x)"
    ])
  })
})
