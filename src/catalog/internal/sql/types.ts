/** Enums, domains, composite and range types, and base types with their functions. */
import type { Fields } from "./json.ts"
import { flag, gathered, json, object, orEmpty, text } from "./json.ts"
import type { Kind } from "./scope.ts"
import { joinComment, ofUser } from "./scope.ts"

const ofKind = (kind: string, fields: Fields, letters: string, joins = "", condition = "true"): Kind => ({
  kind: `'${kind}'`,
  namespace: "t.typnamespace",
  name: "t.typname",
  owner: "t.typowner",
  identity: ["pg_type", "t.oid"],
  fields,
  from: `pg_catalog.pg_type t ${joins}
    WHERE t.typtype IN (${letters}) AND ${condition} AND ${ofUser("t.oid")}`
})

const labels = `
  SELECT e.enumtypid, pg_catalog.array_agg(e.enumlabel::pg_catalog.text ORDER BY e.enumsortorder) AS labels
  FROM pg_catalog.pg_enum e GROUP BY e.enumtypid`

const enums = ofKind(
  "enum",
  { labels: json("coalesce(pg_catalog.to_json(lab.labels)::pg_catalog.text, '[]')") },
  "'e'",
  `LEFT JOIN (${labels}) lab ON lab.enumtypid = t.oid`
)

const domainConstraint = object({
  name: text("k.conname"),
  definition: text("pg_catalog.pg_get_constraintdef(k.oid)"),
  notValid: flag("NOT k.convalidated"),
  comment: text("x.description")
})

/** From 17 on NOT NULL is a constraint, of which only a name of one's own is of interest. */
const domainConstraints = gathered(
  "k.contypid",
  domainConstraint,
  "k.conname",
  `pg_catalog.pg_constraint k JOIN pg_catalog.pg_type b ON b.oid = k.contypid
  ${joinComment("x", "pg_constraint", "k.oid")}
  WHERE k.contypid <> '0' AND NOT (k.contype = 'n' AND k.conname = b.typname::pg_catalog.text || '_not_null' AND x.description IS NULL)`
)

const domains = ofKind(
  "domain",
  {
    type: text("pg_catalog.format_type(t.typbasetype, t.typtypmod)"),
    notNull: flag("t.typnotnull"),
    default: text("t.typdefault"),
    collation: text("CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::pg_catalog.regcollation END"),
    constraints: json("con.list")
  },
  "'d'",
  `JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype LEFT JOIN (${domainConstraints}) con ON con.owner = t.oid`
)

const attribute = object({
  name: text("a.attname"),
  type: text("pg_catalog.format_type(a.atttypid, a.atttypmod)"),
  collation: text("CASE WHEN a.attcollation <> b.typcollation THEN a.attcollation::pg_catalog.regcollation END"),
  comment: text("x.description")
})

const attributes = gathered(
  "a.attrelid",
  attribute,
  "a.attnum",
  `pg_catalog.pg_class r
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type b ON b.oid = a.atttypid
  ${joinComment("x", "pg_class", "a.attrelid", "a.attnum")}
  WHERE r.relkind = 'c' AND ${ofUser("r.oid")}`
)

const compositeTypes = ofKind(
  "composite type",
  { attributes: orEmpty("att.list") },
  "'c'",
  `JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
  LEFT JOIN (${attributes}) att ON att.owner = t.typrelid`
)

const rangeTypes = ofKind(
  "range type",
  {
    subtype: text("pg_catalog.format_type(g.rngsubtype, NULL)"),
    collation: text("CASE WHEN g.rngcollation <> b.typcollation THEN g.rngcollation::pg_catalog.regcollation END"),
    operatorClass: text(
      "CASE WHEN NOT o.opcdefault THEN pg_catalog.quote_ident(opn.nspname) || '.' || pg_catalog.quote_ident(o.opcname) END"
    ),
    canonical: text("CASE WHEN g.rngcanonical::pg_catalog.oid <> '0' THEN g.rngcanonical::pg_catalog.regproc END"),
    difference: text("CASE WHEN g.rngsubdiff::pg_catalog.oid <> '0' THEN g.rngsubdiff::pg_catalog.regproc END"),
    multirange: text("pg_catalog.format_type(g.rngmultitypid, NULL)")
  },
  "'r'",
  `JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid
  JOIN pg_catalog.pg_type b ON b.oid = g.rngsubtype
  JOIN pg_catalog.pg_opclass o ON o.oid = g.rngsubopc
  JOIN pg_catalog.pg_namespace opn ON opn.oid = o.opcnamespace`
)

const procedure = (label: string, column: string) =>
  `'${label} = ' || nullif(t.${column}::pg_catalog.regproc::pg_catalog.text, '-')`

const parts = `CASE WHEN NOT t.typisdefined THEN 'shell' ELSE pg_catalog.concat_ws(', ',
  ${procedure("INPUT", "typinput")}, ${procedure("OUTPUT", "typoutput")}, ${procedure("RECEIVE", "typreceive")},
  ${procedure("SEND", "typsend")}, ${procedure("TYPMOD_IN", "typmodin")}, ${procedure("TYPMOD_OUT", "typmodout")},
  ${procedure("ANALYZE", "typanalyze")}, 'SUBSCRIPT = ' || nullif(t.typsubscript::pg_catalog.regproc::pg_catalog.text, '-'),
  'INTERNALLENGTH = ' || t.typlen::pg_catalog.text, CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END, 'ALIGNMENT = ' || t.typalign::pg_catalog.text,
  'STORAGE = ' || t.typstorage::pg_catalog.text, 'CATEGORY = ' || t.typcategory::pg_catalog.text, CASE WHEN t.typispreferred THEN 'PREFERRED' END,
  'DEFAULT = ' || pg_catalog.quote_literal(t.typdefault),
  'ELEMENT = ' || pg_catalog.format_type(nullif(t.typelem, '0'), NULL), 'DELIMITER = ' || t.typdelim::pg_catalog.text,
  CASE WHEN t.typcollation <> '0' THEN 'COLLATABLE' END) END`

const isElementsArray = "EXISTS (SELECT FROM pg_catalog.pg_type el WHERE el.oid = t.typelem AND el.typarray = t.oid)"

const baseTypes = ofKind("base type", { definition: text(parts) }, "'b', 'p'", "", `NOT ${isElementsArray}`)

export const types = [enums, domains, compositeTypes, rangeTypes, baseTypes]
