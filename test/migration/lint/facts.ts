/** What a database would say of the tables that the examples name. */
import type { RelationFacts, TableFacts } from "../../../src/catalog/RelationFacts.ts"

const table = (name: string, known: Partial<TableFacts> = {}): TableFacts => ({
  schema: "public",
  name,
  kind: "table",
  rowSecurity: false,
  policies: [],
  columns: [],
  constraints: [],
  indexes: [],
  ...known
})

export const facts: RelationFacts = {
  serverVersion: 180_004,
  searchPath: ["public"],
  steadyFunctions: ["steady"],
  constrainedDomains: ["email"],
  tables: [
    table("t", {
      columns: [
        { name: "a", type: "bigint", nullable: false },
        { name: "b", type: "bigint", nullable: true },
        { name: "short", type: "character varying(10)", nullable: true },
        { name: "price", type: "numeric(10,2)", nullable: true },
        { name: "checked", type: "character varying(10)", nullable: true }
      ],
      constraints: [
        { name: "c", definition: "CHECK ((checked IS NOT NULL))", validated: true, references: null },
        { name: "d", definition: "CHECK ((b IS NOT NULL)) NOT VALID", validated: false, references: null },
        { name: "f", definition: "CHECK ((shorter > 0))", validated: true, references: null },
        {
          name: "g",
          definition: "CHECK ((at < '2026-02-01 00:00:00+00'::timestamptz))",
          validated: true,
          references: null
        },
        { name: "e", definition: "CHECK (((a >= 1) AND (a < 100)))", validated: true, references: null },
        { name: "i", definition: "CHECK (((a >= 700) AND (a < 800))) NOT VALID", validated: false, references: null },
        { name: "j", definition: "EXCLUDE USING gist (a WITH =) WHERE ((a = 900))", validated: true, references: null }
      ]
    }),
    table("t_too", {
      constraints: [{ name: "h", definition: "CHECK (((a >= 1) AND (a < 100)))", validated: true, references: null }],
      indexes: [{ name: "t_too_a", definition: "CREATE INDEX ...", unique: false, columns: ["a"] }]
    }),
    table("indexed", {
      kind: "partitioned table",
      indexes: [{ name: "indexed_a", definition: "CREATE INDEX ...", unique: false, columns: ["a"] }]
    }),
    table("parts", { kind: "partitioned table" }),
    table("totals", { kind: "materialized view" }),
    table("sums", {
      kind: "materialized view",
      indexes: [{ name: "sums_a", definition: "CREATE UNIQUE INDEX ...", unique: true, columns: ["a"] }]
    })
  ]
}
