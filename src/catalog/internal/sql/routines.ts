/** Functions, procedures and aggregates, told apart by the types of their arguments. */
import { text } from "./json.ts"
import type { Kind } from "./scope.ts"
import { argumentTypes, inSchema, notOfExtension } from "./scope.ts"

const signature = `p.proname::pg_catalog.text || '(' || ${argumentTypes("p.proargtypes")} || ')'`

const routine = (kind: string, letters: string, definition: string, joins = ""): Kind => ({
  kind: `'${kind}'`,
  schema: "n.nspname",
  name: signature,
  owner: "p.proowner",
  identity: ["pg_proc", "p.oid"],
  fields: { definition: text(definition) },
  from: `pg_catalog.pg_proc p ${inSchema("p.pronamespace")} ${joins}
    WHERE p.prokind IN (${letters}) AND ${notOfExtension("pg_proc", "p.oid")}`
})

const body = "pg_catalog.pg_get_functiondef(p.oid)"

const procedure = (label: string, column: string) =>
  `'${label} = ' || nullif(g.${column}::pg_catalog.regproc::pg_catalog.text, '-')`
const type = (label: string, column: string) =>
  `'${label} = ' || CASE WHEN g.${column} <> '0' THEN pg_catalog.format_type(g.${column}, NULL) END`
const number = (label: string, column: string) => `'${label} = ' || nullif(g.${column}, 0)::pg_catalog.text`
const literal = (label: string, column: string) => `'${label} = ' || pg_catalog.quote_literal(g.${column})`

const aggregate = `pg_catalog.concat_ws(', ',
  'ARGUMENTS (' || pg_catalog.pg_get_function_arguments(p.oid) || ')', 'KIND = ' || g.aggkind::pg_catalog.text,
  'RETURNS = ' || pg_catalog.pg_get_function_result(p.oid),
  ${procedure("SFUNC", "aggtransfn")}, ${type("STYPE", "aggtranstype")}, ${number("SSPACE", "aggtransspace")},
  ${procedure("FINALFUNC", "aggfinalfn")}, CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
  'FINALFUNC_MODIFY = ' || g.aggfinalmodify::pg_catalog.text, ${procedure("COMBINEFUNC", "aggcombinefn")},
  ${procedure("SERIALFUNC", "aggserialfn")}, ${procedure("DESERIALFUNC", "aggdeserialfn")}, ${literal("INITCOND", "agginitval")},
  ${procedure("MSFUNC", "aggmtransfn")}, ${procedure("MINVFUNC", "aggminvtransfn")}, ${type("MSTYPE", "aggmtranstype")},
  ${number("MSSPACE", "aggmtransspace")}, ${procedure("MFINALFUNC", "aggmfinalfn")},
  CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END, 'MFINALFUNC_MODIFY = ' || g.aggmfinalmodify::pg_catalog.text,
  ${literal("MINITCOND", "aggminitval")}, CASE WHEN g.aggsortop <> '0' THEN 'SORTOP = ' || g.aggsortop::pg_catalog.regoperator::pg_catalog.text END,
  'PARALLEL = ' || p.proparallel::pg_catalog.text)`

export const routines = [
  routine("function", "'f', 'w'", body),
  routine("procedure", "'p'", body),
  routine("aggregate", "'a'", aggregate, "JOIN pg_catalog.pg_aggregate g ON g.aggfnoid::pg_catalog.oid = p.oid")
]
