import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Snapshot from "../../src/catalog/Snapshot.ts"
import * as Diagram from "../../src/schema/Diagram.ts"
import { freshClient } from "../support/Database.ts"
import { read } from "./diagram/drawing.ts"
import { faults } from "./diagram/judge.ts"

const statements = [
  "CREATE SCHEMA shop",
  "CREATE TYPE shop.state AS ENUM ('new', 'paid')",
  `CREATE TABLE shop."Customer" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "e-mail" varchar(80) NOT NULL UNIQUE,
    invited_by bigint REFERENCES shop."Customer", at timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE shop.orders (number int, year smallint, customer bigint NOT NULL REFERENCES shop."Customer",
    state shop.state NOT NULL, PRIMARY KEY (year, number))`,
  `CREATE TABLE shop.line (year smallint, number int, pos int, sku text, note text,
    PRIMARY KEY (year, number, pos), FOREIGN KEY (year, number) REFERENCES shop.orders ON DELETE CASCADE)`,
  "CREATE TABLE shop.invoice (year smallint, number int, FOREIGN KEY (year, number) REFERENCES shop.orders MATCH FULL)",
  "CREATE UNIQUE INDEX ON shop.invoice (number, year)",
  "CREATE UNIQUE INDEX ON shop.line (sku) WHERE note IS NULL",
  'CREATE TABLE event (id bigint, at date NOT NULL, customer bigint REFERENCES shop."Customer", PRIMARY KEY (id, at)) PARTITION BY RANGE (at)',
  "CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  "CREATE VIEW shop.paid AS SELECT * FROM shop.orders WHERE state = 'paid'",
  "CREATE TABLE nothing ()",
  'CREATE SCHEMA "Odd.one"',
  `CREATE TYPE "Odd.one".mood AS ENUM ('glad')`,
  'CREATE TABLE "Odd.one".person (mood "Odd.one".mood NOT NULL, state shop.state NOT NULL)'
]

const snapshot = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
  return yield* Snapshot.read(sql)
})

layer(freshClient(), { excludeTestServices: true })("The diagram of a database", (it) => {
  it.effect("has its tables without partitions, and its foreign keys as the server tells them", () =>
    Effect.gen(function* () {
      const found = yield* snapshot
      const drawing = read(Diagram.svg(found))
      assert.deepStrictEqual(faults(drawing), [])
      assert.sameMembers(
        drawing.tables.map(({ title }) => title),
        [
          "Odd.one.person",
          "public.event",
          "public.nothing",
          "shop.Customer",
          "shop.invoice",
          "shop.line",
          "shop.orders"
        ]
      )
      assert.sameMembers(
        drawing.keys.map(({ dashed, foot, title }) => [title.split("\n")[0], dashed, foot.includes("V")].join(" ")),
        [
          "public.event.customer → shop.Customer.id true false",
          "shop.Customer.invited_by → shop.Customer.id true false",
          "shop.invoice.(year, number) → shop.orders.(year, number) true true",
          "shop.line.(year, number) → shop.orders.(year, number) false false",
          "shop.orders.customer → shop.Customer.id false false"
        ]
      )
      const customer = drawing.tables.find(({ title }) => title === "shop.Customer")
      assert.strictEqual(
        customer?.texts.map(({ text }) => text).join(" "),
        "shop.Customer PK id bigint UK e-mail varchar(80) FK invited_by bigint null at timestamptz"
      )
      const person = drawing.tables.find(({ title }) => title === "Odd.one.person")
      assert.strictEqual(person?.texts.map(({ text }) => text).join(" "), "Odd.one.person mood mood state shop.state")
      const line = drawing.tables.find(({ title }) => title === "shop.line")
      assert.include(line?.texts.map(({ text }) => text).join(" "), "pos integer sku text null note text null")
      const mermaid = Diagram.mermaid(found)
      for (const expected of [
        '"shop.orders" ||--o{ "shop.line" : "year, number"',
        '"shop.orders" |o--o| "shop.invoice" : "year, number"',
        "    state state",
        "    varchar(80) e-mail UK",
        '  "public.nothing"\n'
      ]) {
        assert.include(mermaid, expected)
      }
    })
  )
})
