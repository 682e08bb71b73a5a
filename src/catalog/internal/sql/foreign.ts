/** Foreign servers with their wrappers and mappings, and text search. */
import { text } from "./json.ts"
import type { Kind } from "./scope.ts"
import { ofUser, qualified } from "./scope.ts"

const options = (array: string) => `'OPTIONS (' || pg_catalog.array_to_string(${array}, ', ') || ')'`
const procedure = (label: string, oid: string) =>
  `'${label} ' || nullif(${oid}::pg_catalog.regproc::pg_catalog.text, '-')`

const wrappers: Kind = {
  kind: "'foreign data wrapper'",
  name: "w.fdwname",
  owner: "w.fdwowner",
  identity: ["pg_foreign_data_wrapper", "w.oid"],
  fields: {
    definition: text(
      `pg_catalog.concat_ws(' ', ${procedure("HANDLER", "w.fdwhandler")}, ${procedure("VALIDATOR", "w.fdwvalidator")}, ${options("w.fdwoptions")})`
    )
  },
  from: `pg_catalog.pg_foreign_data_wrapper w WHERE ${ofUser("w.oid")}`
}

const servers: Kind = {
  kind: "'foreign server'",
  name: "s.srvname",
  owner: "s.srvowner",
  identity: ["pg_foreign_server", "s.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(' ', 'TYPE ' || pg_catalog.quote_literal(s.srvtype), 'VERSION ' || pg_catalog.quote_literal(s.srvversion),
      'FOREIGN DATA WRAPPER ' || pg_catalog.quote_ident(w.fdwname), ${options("s.srvoptions")})`)
  },
  from: `pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  WHERE ${ofUser("s.oid")}`
}

/** Options hold passwords, and are not shown to everybody. */
const mappings: Kind = {
  kind: "'user mapping'",
  name: "coalesce(u.usename, 'public')::pg_catalog.text || ' SERVER ' || pg_catalog.quote_ident(u.srvname)",
  fields: { definition: text("''") },
  from: "pg_catalog.pg_user_mappings u"
}

const dictionaries: Kind = {
  kind: "'text search dictionary'",
  namespace: "d.dictnamespace",
  name: "d.dictname",
  owner: "d.dictowner",
  identity: ["pg_ts_dict", "d.oid"],
  fields: {
    definition: text(
      `pg_catalog.concat_ws(', ', 'TEMPLATE = ' || ${qualified("tn.nspname", "t.tmplname")}, d.dictinitoption)`
    )
  },
  from: `pg_catalog.pg_ts_dict d
  JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
  WHERE ${ofUser("d.oid")}`
}

const mapped = `(
  SELECT pg_catalog.string_agg(t.alias || ': ' || m.mapdict::pg_catalog.regdictionary::pg_catalog.text, ', ' ORDER BY t.alias COLLATE "C", m.mapseqno)
  FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype WHERE m.mapcfg = c.oid)`

const configurations: Kind = {
  kind: "'text search configuration'",
  namespace: "c.cfgnamespace",
  name: "c.cfgname",
  owner: "c.cfgowner",
  identity: ["pg_ts_config", "c.oid"],
  fields: {
    definition: text(`pg_catalog.concat_ws('; ', 'PARSER = ' || ${qualified("pn.nspname", "p.prsname")}, ${mapped})`)
  },
  from: `pg_catalog.pg_ts_config c
  JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
  WHERE ${ofUser("c.oid")}`
}

const parsers: Kind = {
  kind: "'text search parser'",
  namespace: "p.prsnamespace",
  name: "p.prsname",
  identity: ["pg_ts_parser", "p.oid"],
  fields: {
    definition:
      text(`pg_catalog.concat_ws(', ', ${procedure("START =", "p.prsstart")}, ${procedure("GETTOKEN =", "p.prstoken")},
      ${procedure("END =", "p.prsend")}, ${procedure("HEADLINE =", "p.prsheadline")}, ${procedure("LEXTYPES =", "p.prslextype")})`)
  },
  from: `pg_catalog.pg_ts_parser p WHERE ${ofUser("p.oid")}`
}

const templates: Kind = {
  kind: "'text search template'",
  namespace: "t.tmplnamespace",
  name: "t.tmplname",
  identity: ["pg_ts_template", "t.oid"],
  fields: {
    definition: text(
      `pg_catalog.concat_ws(', ', ${procedure("INIT =", "t.tmplinit")}, ${procedure("LEXIZE =", "t.tmpllexize")})`
    )
  },
  from: `pg_catalog.pg_ts_template t WHERE ${ofUser("t.oid")}`
}

export const foreign = [wrappers, servers, mappings, dictionaries, configurations, parsers, templates]
