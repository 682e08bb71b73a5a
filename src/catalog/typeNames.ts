/** What `format_type` calls the types that have another name too (manual, table 8.1, and the names in `pg_type`). */
export const officialNames: Readonly<Record<string, string>> = {
  bool: "boolean",
  bpchar: "character",
  decimal: "numeric",
  float4: "real",
  float8: "double precision",
  int: "integer",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  time: "time without time zone",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  timetz: "time with time zone",
  varbit: "bit varying",
  varchar: "character varying"
}
