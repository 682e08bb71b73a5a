import { assert, describe, it } from "@effect/vitest"
import type { Snapshot } from "../../src/catalog/Snapshot.ts"
import * as Diagram from "../../src/schema/Diagram.ts"
import { company } from "./diagram/company.ts"
import { read } from "./diagram/drawing.ts"
import { alike, faults, segmentsOf } from "./diagram/judge.ts"
import { oddNames } from "./diagram/names.ts"
import { randomSchema } from "./diagram/random.ts"
import { sketch, snapshotOf } from "./diagram/sketch.ts"
import { everything, parse } from "./diagram/xml.ts"

const draw = (snapshot: Snapshot, options?: Diagram.DiagramOptions) => read(Diagram.svg(snapshot, options))

/** What is drawn, and what is wrong with it. */
const judge = (snapshot: Snapshot, options?: Diagram.DiagramOptions) => {
  const drawing = draw(snapshot, options)
  return { faults: faults(drawing), tables: drawing.tables.length, keys: drawing.keys.length }
}

const foreignKeys = ({ objects }: Snapshot): number =>
  objects.flatMap((object) =>
    object.kind === "table" ? (object.constraints ?? []).filter(({ kind }) => kind === "foreign key") : []
  ).length

const customerAndOrder = sketch(`
  shop.customer: id bigint pk, name text
  shop.order: id bigint pk, customer_id bigint -> shop.customer(id), referrer_id bigint null uk -> shop.customer(id)
`)

describe("Diagram.svg", () => {
  it("shows a table alone, and nothing at all", () => {
    const alone = sketch("shop.customer: id bigint pk, name text")
    assert.deepStrictEqual(judge(alone), { faults: [], tables: 1, keys: 0 })
    assert.deepStrictEqual(judge(snapshotOf([])), { faults: [], tables: 0, keys: 0 })
    const empty = snapshotOf([{ kind: "table", schema: "shop", name: "empty", columns: [] }])
    assert.deepStrictEqual(judge(empty), { faults: [], tables: 1, keys: 0 })
  })

  it("leads a foreign key from its column to the one that it refers to", () => {
    assert.deepStrictEqual(judge(customerAndOrder), { faults: [], tables: 2, keys: 2 })
    const { keys, tables } = draw(customerAndOrder)
    const [order, customer] = ["order", "customer"].map((name) => tables.find(({ title }) => title === name))
    const row = (table: typeof order, name: string) => table?.texts.find(({ text }) => text === name)
    const [key] = keys
    assert.isTrue(key?.title.startsWith("shop.order.customer_id → shop.customer.id\norder_customer_id_fkey"))
    const [start, end] = [key?.points[0], key?.points.at(-1)]
    assert.closeTo(start?.y ?? 0, row(order, "customer_id")?.bottom ?? 0, 12)
    assert.closeTo(end?.y ?? 0, row(customer, "id")?.bottom ?? 0, 12)
    assert.strictEqual(end?.x, customer?.box.right)
  })

  it("tells keys that may be null, and those of which there is one at most, from the others", () => {
    const { keys, tables } = draw(customerAndOrder)
    assert.deepStrictEqual(
      keys.map(({ dashed, foot }) => [dashed, foot.includes("V")]),
      [
        [false, false],
        [true, true]
      ]
    )
    const texts = tables.find(({ title }) => title === "order")?.texts.map(({ text }) => text)
    assert.strictEqual(texts?.join(" "), "order PK id bigint FK customer_id bigint FK UK referrer_id bigint null")
  })

  it("shows fifty tables with cycles, references to themselves, keys of several columns and a hub", () => {
    const all = { faults: [], tables: 51, keys: foreignKeys(company) }
    assert.deepStrictEqual(judge(company), all)
    assert.deepStrictEqual(judge(company, { columns: "keys" }), all)
  })

  it("tells keys apart that all have a column in common, by the column that is theirs alone", () => {
    const parts = ["customer", "product", "address", "coupon", "channel", "agent", "warehouse", "carrier"]
    const tenants = sketch(`
      shop.tenant: id bigint pk
      ${parts.map((name) => `shop.${name}: tenant_id bigint pk -> shop.tenant(id), id bigint pk`).join("\n")}
      shop.order: tenant_id bigint pk -> shop.tenant(id)${parts.map((name) => ` -> shop.${name}(tenant_id)#${name}`).join("")}, id bigint pk, ${parts.map((name) => `${name}_id bigint -> shop.${name}(id)#${name}`).join(", ")}
    `)
    assert.deepStrictEqual(judge(tenants), { faults: [], tables: 10, keys: 17 })
    const { brackets, keys, tables } = draw(tenants)
    assert.strictEqual(brackets.length, 16)
    const order = tables.find(({ title }) => title === "order")
    for (const name of parts) {
      const key = keys.find(({ title }) => title.startsWith(`shop.order.(tenant_id, ${name}_id) `))
      assert.closeTo(
        key?.points[0]?.y ?? 0,
        order?.texts.find(({ text }) => text === `${name}_id`)?.bottom ?? Infinity,
        12
      )
    }
  })

  it("draws lines that cross in different colours, and level where they can be", () => {
    for (const columns of ["all", "keys"] as const) {
      const drawing = draw(company, { columns })
      assert.deepStrictEqual(alike(drawing), [])
      const steps = drawing.keys.flatMap(segmentsOf).filter(({ bottom, level, top }) => !level && bottom - top < 9)
      assert.isAtMost(steps.length, 6)
      assert.isTrue(drawing.keys.every(({ reached }) => reached))
    }
  })

  for (const { seed, tables, keys } of [
    ...Array.from({ length: 40 }, (_, seed) => ({ seed, tables: 2 + (seed % 19), keys: (seed * 7) % 40 })),
    // Many tables that few foreign keys connect: they fill the gaps between larger parts.
    { seed: 1122, tables: 44, keys: 12 },
    { seed: 101, tables: 50, keys: 120 },
    { seed: 102, tables: 300, keys: 420 }
  ]) {
    it(`shows ${tables} tables with ${keys} foreign keys from anywhere to anywhere (seed ${seed})`, () => {
      assert.deepStrictEqual(judge(randomSchema(seed, tables, keys)), { faults: [], tables, keys })
    })
  }

  it("shows every name in full, whatever is in it", () => {
    const tables = oddNames.map((name) => ({
      kind: "table" as const,
      schema: "public",
      name,
      comment: name,
      columns: oddNames.map((column) => ({ name: column, type: "text" }))
    }))
    const snapshot = snapshotOf(tables)
    assert.deepStrictEqual(judge(snapshot, { title: oddNames.join() }), {
      faults: [],
      tables: oddNames.length,
      keys: 0
    })
    const titles = draw(snapshot).tables.map(({ title }) => title)
    assert.includeMembers(titles, [oddNames[0] ?? "", oddNames[2] ?? "", "with␊line␉and ␀ ␇ ␡ control"])
  })

  it("stands by itself: no scripts, nothing that is loaded, and colours for dark pages", () => {
    const text = Diagram.svg(company)
    const all = everything(parse(text))
    assert.deepStrictEqual([...new Set(all.map(({ name }) => name))].sort(), [
      "g",
      "path",
      "rect",
      "style",
      "svg",
      "text",
      "title",
      "tspan"
    ])
    const attributes = new Set(all.flatMap(({ attributes }) => Object.keys(attributes)))
    assert.isFalse([...attributes].some((name) => name.startsWith("on") || name.endsWith("href")))
    assert.notMatch(text, /url\(|@import|@font-face/)
    assert.include(text, "prefers-color-scheme:dark")
  })

  it("is the same text for the same snapshot, byte for byte", () => {
    assert.strictEqual(Diagram.svg(company), Diagram.svg(structuredClone(company)))
  })
})

describe("the options of a diagram", () => {
  const titles = (options: Diagram.DiagramOptions) => draw(company, options).tables.map(({ title }) => title)

  it("choose schemas and tables by patterns", () => {
    assert.deepStrictEqual(titles({ schemas: ["au?it"] }), ["events", "seals", "exports"])
    assert.deepStrictEqual(titles({ tables: ["chat.bot*", "settings"] }), [
      "chat.bots",
      "chat.bot_commands",
      "public.settings"
    ])
    assert.deepStrictEqual(titles({ schemas: ["shop", "chat"], tables: ["*s.*", "r_o_s"] }), [])
    assert.deepStrictEqual(titles({ schemas: ["shop", "chat"], tables: ["*message*"] }), ["messages"])
  })

  it("leave foreign keys to tables that are not shown out, and their columns marked", () => {
    const { keys, tables } = draw(company, { tables: ["shop.orders"] })
    assert.deepStrictEqual(keys, [])
    assert.strictEqual(tables[0]?.texts.filter(({ text }) => text === "FK").length, 4)
  })

  it("leave everything but keys out", () => {
    const columns = (options: Diagram.DiagramOptions) =>
      draw(company, { tables: ["shop.orders", "shop.payments"], ...options })
        .tables.flatMap(({ texts }) => texts)
        .map(({ text }) => text)
    assert.deepStrictEqual(
      columns({ columns: "keys" })?.filter((text) => /status|total|placed/.test(text)),
      []
    )
    assert.include(columns({}), "status")
  })

  it("stand above it", () => {
    assert.include(Diagram.svg(company, { title: "<Ours>" }), ">&lt;Ours&gt;</text>")
    assert.include(Diagram.svg(company), ">51 tables, 78 foreign keys</text>")
    const small = Diagram.svg(customerAndOrder)
    assert.include(small, ">2 tables, 2 foreign keys</text>")
    assert.include(Diagram.svg(company), ">one key</text>")
    assert.notInclude(small, "one key")
  })

  it("show no partitions, which repeat their table", () => {
    const [table] = sketch("shop.event: id bigint pk, at timestamp with time zone").objects
    if (table?.kind !== "table") throw new Error("no table")
    const partition = {
      ...table,
      name: "event_2026",
      bound: "FOR VALUES FROM (1) TO (2)",
      parents: [{ schema: "shop", name: "event" }]
    }
    const partitioned = snapshotOf([{ ...table, partitionKey: "RANGE (id)" }, partition])
    assert.deepStrictEqual(judge(partitioned), { faults: [], tables: 1, keys: 0 })
  })
})
