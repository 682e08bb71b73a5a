/**
 * Operators for pairs of types that PostgreSQL has none for, as anybody may make them
 * who may create something in a schema on the path. PostgreSQL takes them rather than
 * convert a side, and they run with the rights of whoever sends the statement.
 */

const types = [
  ..."oid,name,text,int2,int4,int8,bool,float8,numeric,varchar,oidvector,int2vector,name[],text[],aclitem[]".split(","),
  ..."json,jsonb,regclass,regtype,regproc,regprocedure,regoperator,regnamespace,regdictionary,pg_node_tree".split(","),
  `"char"`
]

/** Makes them in this schema; each fails when it is run. */
export const traps = (schema: string) => `DO $do$
DECLARE a text; b text; o text; made text;
BEGIN
  FOREACH a IN ARRAY ARRAY['${types.join("','")}'] LOOP FOREACH b IN ARRAY ARRAY['${types.join("','")}'] LOOP
    FOREACH made IN ARRAY ARRAY['bool', 'text'] LOOP
      EXECUTE format('CREATE FUNCTION ${schema}.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE %L; END $f$',
        'trap_' || made, a, b, made, 'an operator of somebody else for ' || a || ' and ' || b || ' was taken');
    END LOOP;
    FOREACH o IN ARRAY ARRAY['=', '<>', '<', '>', '>=', '~', '!~', '~~', '||', '->>'] LOOP
      CONTINUE WHEN EXISTS (SELECT FROM pg_operator
        WHERE oprname = o AND oprleft = a::regtype::oid AND oprright = b::regtype::oid AND oprnamespace::oid = 'pg_catalog'::regnamespace::oid);
      EXECUTE format('CREATE OPERATOR ${schema}.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = ${schema}.%I)',
        o, a, b, CASE WHEN o IN ('||', '->>') THEN 'trap_text' ELSE 'trap_bool' END);
    END LOOP;
  END LOOP; END LOOP;
END $do$`
