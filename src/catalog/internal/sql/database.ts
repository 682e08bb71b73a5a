/** Extensions, event triggers, publications and what else belongs to the database as a whole. */
import { text, word } from "./json.ts"
import type { Kind } from "./scope.ts"
import { classOf, ofUser, qualified } from "./scope.ts"

/** What initdb brings is PostgreSQL's own. */
const extensions: Kind = {
  kind: "'extension'",
  schema: "n.nspname",
  name: "e.extname",
  identity: ["pg_extension", "e.oid"],
  fields: { version: text("e.extversion") },
  from: `pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE ${ofUser("e.oid")}`
}

const eventTriggers: Kind = {
  kind: "'event trigger'",
  name: "e.evtname",
  owner: "e.evtowner",
  identity: ["pg_event_trigger", "e.oid"],
  fields: {
    definition:
      text(`'ON ' || e.evtevent::pg_catalog.text || coalesce(' WHEN TAG IN (' || pg_catalog.array_to_string(e.evttags, ', ') || ')', '')
      || ' EXECUTE FUNCTION ' || e.evtfoid::pg_catalog.regproc::pg_catalog.text || '()'`),
    firing: word("e.evtenabled", { D: "disabled", R: "replica", A: "always" })
  },
  from: `pg_catalog.pg_event_trigger e WHERE ${ofUser("e.oid")}`
}

/** Later versions have more columns (filters and lists of columns from 15 on), which earlier ones must not be asked for. */
const publishedTables = `(
  SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', ${qualified("n.nspname", "c.relname")},
      '(' || (pg_catalog.to_jsonb(v) ->> 'attnames'::pg_catalog.text) || ')', 'WHERE ' || (pg_catalog.to_jsonb(v) ->> 'rowfilter'::pg_catalog.text)),
    ', ' ORDER BY n.nspname, c.relname)
  FROM pg_catalog.pg_publication_rel r
  JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_publication_tables v ON v.pubname = p.pubname AND v.schemaname = n.nspname AND v.tablename = c.relname
  WHERE r.prpubid = p.oid)`

/** 6237 is pg_publication_namespace, a catalogue since 15. */
const publishedSchemas = `(
  SELECT pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname), ', ' ORDER BY n.nspname)
  FROM pg_catalog.pg_depend a
  JOIN pg_catalog.pg_depend b ON b.classid = a.classid AND b.objid = a.objid AND b.refclassid = ${classOf("pg_namespace")}
  JOIN pg_catalog.pg_namespace n ON n.oid = b.refobjid
  WHERE a.classid = '6237' AND a.refclassid = ${classOf("pg_publication")} AND a.refobjid = p.oid)`

const publications: Kind = {
  kind: "'publication'",
  name: "p.pubname",
  owner: "p.pubowner",
  identity: ["pg_publication", "p.oid"],
  fields: {
    definition: text(`pg_catalog.concat_ws('; ', CASE WHEN p.puballtables THEN 'FOR ALL TABLES' END,
      'FOR TABLES IN SCHEMA ' || ${publishedSchemas}, 'FOR TABLE ' || ${publishedTables},
      'publish = ' || pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
        CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
      CASE WHEN p.pubviaroot THEN 'publish_via_partition_root' END,
      'publish_generated_columns = ' || nullif(pg_catalog.to_jsonb(p) ->> 'pubgencols'::pg_catalog.text, 'n'))`)
  },
  from: `pg_catalog.pg_publication p WHERE ${ofUser("p.oid")}`
}

/** Who may not see a subscription's connection sees the rest. */
const subscriptions: Kind = {
  kind: "'subscription'",
  name: "s.subname",
  owner: "s.subowner",
  identity: ["pg_subscription", "s.oid"],
  fields: {
    definition: text(`pg_catalog.concat_ws('; ', 'PUBLICATION ' || pg_catalog.array_to_string(s.subpublications, ', '),
      CASE WHEN NOT s.subenabled THEN 'disabled' END, 'slot_name = ' || s.subslotname::pg_catalog.text, 'synchronous_commit = ' || s.subsynccommit,
      CASE WHEN s.subbinary THEN 'binary' END, 'streaming = ' || s.substream::pg_catalog.text)`)
  },
  from: `pg_catalog.pg_subscription s JOIN pg_catalog.pg_database b ON b.oid = s.subdbid WHERE b.datname = pg_catalog.current_database()`
}

const statistics: Kind = {
  kind: "'statistics'",
  namespace: "s.stxnamespace",
  name: "s.stxname",
  owner: "s.stxowner",
  identity: ["pg_statistic_ext", "s.oid"],
  fields: {
    definition: text(`pg_catalog.pg_get_statisticsobjdef(s.oid)
      || CASE WHEN s.stxstattarget >= 0 THEN ' STATISTICS ' || s.stxstattarget::pg_catalog.text ELSE '' END`)
  },
  from: `pg_catalog.pg_statistic_ext s WHERE ${ofUser("s.oid")}`
}

/** Names of columns differ between versions: `colliculocale` of 15 and 16 is `colllocale` from 17 on. */
const collations: Kind = {
  kind: "'collation'",
  namespace: "c.collnamespace",
  name: "c.collname",
  owner: "c.collowner",
  identity: ["pg_collation", "c.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(', ', 'provider = ' || c.collprovider::pg_catalog.text, 'lc_collate = ' || c.collcollate::pg_catalog.text, 'lc_ctype = ' || c.collctype::pg_catalog.text,
      'locale = ' || coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale'::pg_catalog.text, pg_catalog.to_jsonb(c) ->> 'colliculocale'::pg_catalog.text),
      'rules = ' || (pg_catalog.to_jsonb(c) ->> 'collicurules'::pg_catalog.text), CASE WHEN NOT c.collisdeterministic THEN 'not deterministic' END)`)
  },
  from: `pg_catalog.pg_collation c WHERE ${ofUser("c.oid")}`
}

const languages: Kind = {
  kind: "'language'",
  name: "l.lanname",
  owner: "l.lanowner",
  identity: ["pg_language", "l.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(' ', CASE WHEN l.lanpltrusted THEN 'TRUSTED' END, 'HANDLER ' || l.lanplcallfoid::pg_catalog.regproc::pg_catalog.text,
      'INLINE ' || l.laninline::pg_catalog.regproc::pg_catalog.text, 'VALIDATOR ' || l.lanvalidator::pg_catalog.regproc::pg_catalog.text)`)
  },
  from: `pg_catalog.pg_language l WHERE ${ofUser("l.oid")}`
}

const securityLabels: Kind = {
  kind: "'security label'",
  name: "i.type || ' ' || i.identity || ' FOR ' || l.provider",
  fields: { definition: text("l.label") },
  from: "pg_catalog.pg_seclabel l, LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) i"
}

export const database = [
  extensions,
  eventTriggers,
  publications,
  subscriptions,
  statistics,
  collations,
  languages,
  securityLabels
]
