import { assert, describe, it } from "@effect/vitest"
import type { Snapshot } from "../../src/catalog/Snapshot.ts"
import * as Diagram from "../../src/schema/Diagram.ts"
import { company } from "./diagram/company.ts"
import { oddNames } from "./diagram/names.ts"
import { sketch, snapshotOf } from "./diagram/sketch.ts"

/**
 * What Mermaid's lexer takes, version 10 and later, for each of the lines that we
 * write: packages/mermaid/src/diagrams/er/parser/erDiagram.jison.
 */
const entityName = '"(?! *")[^"%\\r\\n\\v\\b\\\\]+"'
const attributeWord =
  "(?!(?:[pP][kK]|[fF][kK]|[uU][kK])\\b)[A-Za-z_\\u00C0-\\uFFFF][A-Za-z0-9\\-_[\\]()\\u00C0-\\uFFFF]*"
const lines = {
  entity: new RegExp(`^  ${entityName}$`),
  opened: new RegExp(`^  ${entityName} \\{$`),
  attribute: new RegExp(`^    ${attributeWord} ${attributeWord}(?: (?:PK|FK|UK)(?:, (?:PK|FK|UK))*)?(?: "[^"\\n]*")?$`),
  closed: /^  \}$/,
  relation: new RegExp(`^  ${entityName} (?:\\|\\||\\|o)--(?:o\\{|o\\|) ${entityName} : "[^"\\n]+"$`)
} as const

/** Reads it line by line: attributes stand between an opened entity and its end, and nowhere else. */
const refused = (text: string): ReadonlyArray<string> => {
  const [first, ...rest] = text.replace(/^---\ntitle: ".*"\n---\n/, "").split("\n")
  let open = false
  const wrong = rest.slice(0, -1).filter((line) => {
    const kind = (["entity", "opened", "attribute", "closed", "relation"] as const).find((kind) =>
      lines[kind].test(line)
    )
    const fits = kind !== undefined && (kind === "attribute" || kind === "closed") === open
    if (kind === "opened" || kind === "closed") open = kind === "opened"
    return !fits
  })
  return [...(first === "erDiagram" ? [] : [`begins with ${first}`]), ...wrong, ...(open ? ["is not closed"] : [])]
}

const lineWith = (snapshot: Snapshot, part: string) =>
  Diagram.mermaid(snapshot)
    .split("\n")
    .find((line) => line.includes(part))
    ?.trim()

describe("Diagram.mermaid", () => {
  it("writes tables, columns with their keys, and foreign keys from the one to the many", () => {
    const snapshot = sketch(`
      shop.customer: id bigint pk, email text uk
      shop.order: id bigint pk, customer_id bigint -> shop.customer(id), note text null
      shop.gift: order_id bigint pk -> shop.order(id), by bigint null -> shop.customer(id), total numeric(10,2)
    `)
    assert.strictEqual(
      Diagram.mermaid(snapshot, { title: `The "shop"` }),
      `---
title: "The \\"shop\\""
---
erDiagram
  "customer" {
    bigint id PK
    text email UK
  }
  "order" {
    bigint id PK
    bigint customer_id FK
    text note "null"
  }
  "gift" {
    bigint order_id PK, FK
    bigint by FK "null"
    numeric(10_2) total "numeric(10,2)"
  }
  "customer" ||--o{ "order" : "customer_id"
  "order" ||--o| "gift" : "order_id"
  "customer" |o--o{ "gift" : "by"
`
    )
  })

  it("writes nothing that Mermaid's grammar does not have, whatever the names and types are", () => {
    const odd = snapshotOf(
      oddNames.map((name) => ({
        kind: "table",
        schema: "odd",
        name,
        columns: oddNames.map((column) => ({ name: column, type: column })),
        constraints: [
          {
            name: "f",
            kind: "foreign key",
            columns: [name],
            references: { schema: "odd", table: name, columns: [name], onUpdate: "no action", onDelete: "cascade" },
            definition: ""
          }
        ]
      }))
    )
    assert.deepStrictEqual(refused(Diagram.mermaid(odd, { title: oddNames.join() })), [])
    assert.deepStrictEqual(refused(Diagram.mermaid(company)), [])
    assert.deepStrictEqual(refused(Diagram.mermaid(snapshotOf([]))), [])
    const empty = { kind: "table" as const, schema: "shop", name: "empty", columns: [] }
    assert.deepStrictEqual(refused(Diagram.mermaid(snapshotOf([empty]))), [])
  })

  it("keeps what a name or a type really is in the comment, and two tables apart whose names become one", () => {
    const table = (name: string) => ({
      kind: "table" as const,
      schema: "odd",
      name,
      columns: [{ name: "pk", type: "my type", notNull: true }]
    })
    const text = Diagram.mermaid(snapshotOf([table("100%"), table("100/")]))
    assert.include(text, `  "100/" {\n    my_type _pk "pk, my type"\n  }\n  "100/ (2)" {`)
  })

  it("names the schema where there are several", () => {
    assert.strictEqual(lineWith(company, '"auth.users" {'), '"auth.users" {')
    assert.strictEqual(lineWith(company, '"invited_by"'), '"auth.users" |o--o{ "auth.users" : "invited_by"')
  })
})
