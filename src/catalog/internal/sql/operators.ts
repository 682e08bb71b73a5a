/** Operators, their classes and families, casts, conversions, transforms and access methods. */
import { text } from "./json.ts"
import type { Kind } from "./scope.ts"
import { classOf, ofUser, qualified } from "./scope.ts"

const type = (oid: string) => `CASE WHEN ${oid} <> '0' THEN pg_catalog.format_type(${oid}, NULL) END`
const operator = (oid: string) => `CASE WHEN ${oid} <> '0' THEN ${oid}::pg_catalog.regoperator::pg_catalog.text END`
const procedure = (oid: string) =>
  `CASE WHEN ${oid}::pg_catalog.oid <> '0' THEN ${oid}::pg_catalog.oid::pg_catalog.regprocedure::pg_catalog.text END`

const operators: Kind = {
  kind: "'operator'",
  namespace: "o.oprnamespace",
  name: `o.oprname::pg_catalog.text || ' (' || coalesce(${type("o.oprleft")}, 'NONE') || ', ' || coalesce(${type("o.oprright")}, 'NONE') || ')'`,
  owner: "o.oprowner",
  identity: ["pg_operator", "o.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(', ', 'FUNCTION = ' || ${procedure("o.oprcode")}, 'COMMUTATOR = ' || ${operator("o.oprcom")},
      'NEGATOR = ' || ${operator("o.oprnegate")}, 'RESTRICT = ' || ${procedure("o.oprrest")}, 'JOIN = ' || ${procedure("o.oprjoin")},
      CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END)`)
  },
  from: `pg_catalog.pg_operator o WHERE ${ofUser("o.oid")}`
}

/** What an operator class has is kept with its family. */
const familyMembers = `(
  SELECT pg_catalog.string_agg(m.member, ', ' ORDER BY m.member COLLATE "C") FROM (
    SELECT 'OPERATOR ' || a.amopstrategy::pg_catalog.text || ' ' || a.amopopr::pg_catalog.regoperator::pg_catalog.text
      || coalesce(' FOR ORDER BY ' || ${qualified("sn.nspname", "sf.opfname")}, '')
    FROM pg_catalog.pg_amop a LEFT JOIN pg_catalog.pg_opfamily sf ON sf.oid = a.amopsortfamily
    LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = sf.opfnamespace WHERE a.amopfamily = f.oid
    UNION ALL
    SELECT 'FUNCTION ' || a.amprocnum::pg_catalog.text || ' (' || pg_catalog.format_type(a.amproclefttype, NULL) || ', '
      || pg_catalog.format_type(a.amprocrighttype, NULL) || ') ' || a.amproc::pg_catalog.oid::pg_catalog.regprocedure::pg_catalog.text
    FROM pg_catalog.pg_amproc a WHERE a.amprocfamily = f.oid) m(member))`

const families: Kind = {
  kind: "'operator family'",
  namespace: "f.opfnamespace",
  name: "f.opfname::pg_catalog.text || ' USING ' || pg_catalog.quote_ident(am.amname)",
  owner: "f.opfowner",
  identity: ["pg_opfamily", "f.oid"],
  fields: { definition: text(`coalesce(${familyMembers}, '')`) },
  from: `pg_catalog.pg_opfamily f JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod
  WHERE ${ofUser("f.oid")}`
}

/** Which members are the class's and not only the family's: what it depends on. */
const classMembers = `(
  SELECT pg_catalog.string_agg(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', '
    ORDER BY pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) COLLATE "C")
  FROM pg_catalog.pg_depend d
  WHERE d.refclassid = ${classOf("pg_opclass")} AND d.refobjid = c.oid AND d.deptype = 'i')`

const classes: Kind = {
  kind: "'operator class'",
  namespace: "c.opcnamespace",
  name: "c.opcname::pg_catalog.text || ' USING ' || pg_catalog.quote_ident(am.amname)",
  owner: "c.opcowner",
  identity: ["pg_opclass", "c.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(' ', CASE WHEN c.opcdefault THEN 'DEFAULT' END, 'FOR TYPE ' || pg_catalog.format_type(c.opcintype, NULL),
      'FAMILY ' || ${qualified("fn.nspname", "f.opfname")}, 'STORAGE ' || ${type("c.opckeytype")}, ${classMembers})`)
  },
  from: `pg_catalog.pg_opclass c JOIN pg_catalog.pg_am am ON am.oid = c.opcmethod
  JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace
  WHERE ${ofUser("c.oid")}`
}

const casts: Kind = {
  kind: "'cast'",
  name: "pg_catalog.format_type(c.castsource, NULL) || ' AS ' || pg_catalog.format_type(c.casttarget, NULL)",
  identity: ["pg_cast", "c.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(' ', CASE c.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT' END,
      'WITH FUNCTION ' || ${procedure("c.castfunc")}, CASE c.castcontext WHEN 'a' THEN 'AS ASSIGNMENT' WHEN 'i' THEN 'AS IMPLICIT' END)`)
  },
  from: `pg_catalog.pg_cast c WHERE ${ofUser("c.oid")}`
}

const conversions: Kind = {
  kind: "'conversion'",
  namespace: "c.connamespace",
  name: "c.conname",
  owner: "c.conowner",
  identity: ["pg_conversion", "c.oid"],
  fields: {
    definition: text(`pg_catalog.concat_ws(' ', CASE WHEN c.condefault THEN 'DEFAULT' END, 'FOR',
      pg_catalog.pg_encoding_to_char(c.conforencoding), 'TO', pg_catalog.pg_encoding_to_char(c.contoencoding), 'FROM', c.conproc)`)
  },
  from: `pg_catalog.pg_conversion c WHERE ${ofUser("c.oid")}`
}

const transforms: Kind = {
  kind: "'transform'",
  name: "'FOR ' || pg_catalog.format_type(t.trftype, NULL) || ' LANGUAGE ' || pg_catalog.quote_ident(l.lanname)",
  identity: ["pg_transform", "t.oid"],
  fields: {
    definition: text(
      `pg_catalog.concat_ws(', ', 'FROM SQL WITH FUNCTION ' || ${procedure("t.trffromsql")}, 'TO SQL WITH FUNCTION ' || ${procedure("t.trftosql")})`
    )
  },
  from: `pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang WHERE ${ofUser("t.oid")}`
}

const accessMethods: Kind = {
  kind: "'access method'",
  name: "a.amname",
  identity: ["pg_am", "a.oid"],
  fields: {
    definition: text(
      "CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END || ' HANDLER ' || a.amhandler::pg_catalog.text"
    )
  },
  from: `pg_catalog.pg_am a WHERE ${ofUser("a.oid")}`
}

export const operatorKinds = [operators, families, classes, casts, conversions, transforms, accessMethods]
