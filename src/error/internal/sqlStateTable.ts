/**
 * Category, transience and retry scope of every SQLSTATE.
 *
 * Codes of one class nearly always behave alike, so the table holds one row a
 * class and a row for each code that differs. The class rows are also what an
 * unknown code falls back to.
 */
import type { Category, RetryScope } from "../RetryScope.ts"
import * as codes from "./sqlStateCodes.ts"

export interface Description {
  readonly code: string
  /** The constant's name, `UNIQUE_VIOLATION`; absent for codes that PostgreSQL 18 does not have. */
  readonly name: string | undefined
  /** PL/pgSQL's condition name, `unique_violation`; of the class where the code is unknown. */
  readonly condition: string
  /** Whether PostgreSQL 18 documents this very code. */
  readonly known: boolean
  readonly kind: "success" | "warning" | "error"
  readonly category: Category
  readonly transient: boolean
  /** Whether the connection is gone, where the severity that came with the code does not say so. */
  readonly connectionLost: boolean
  readonly retryScope: RetryScope
}

/** code or class, category, and what holds of it: `t` transient, `l` connection lost, or a retry scope. */
const classes = `
00 success
01 warning
02 no_data
03 programming
08 connection t l by_phase
09 routine
0A unsupported
0B transaction_state
0F programming
0L authorization
0P authorization
0Z routine
10 data
20 routine
21 data
22 data
23 constraint
24 cursor
25 transaction_state
26 stale_prepared t statement
27 constraint
28 authentication l
2B dependency
2D transaction_state
2F routine
34 cursor
38 routine
39 routine
3B savepoint
3D configuration
3F programming
40 conflict t transaction
42 programming
44 constraint
53 resources t transaction
54 limit
55 object_state
57 operator
58 system
F0 configuration l
HV fdw
P0 plpgsql
XX internal`

const exceptions = `
08001 connection t l connection
08004 connection l connection
08007 connection t l unknown_outcome
08P01 protocol l
25006 read_only t transaction
25P03 timeout l
25P04 timeout l
40002 constraint
40003 conflict t unknown_outcome
42501 authorization
42P05 stale_prepared t statement
53100 resources t
53300 resources t l connection
53400 resources
55006 object_state t transaction
55P03 lock t transaction
57014 cancelled
57P01 shutdown t l by_phase
57P02 shutdown t l by_phase
57P03 startup t l connection
57P04 shutdown l
57P05 timeout t l statement
HV00N fdw t transaction
XX001 corruption
XX002 corruption`

/** Constants that carry the macro's name because another class has the same condition name. */
const sharedConditions: Readonly<Record<string, string>> = {
  "01004": "string_data_right_truncation",
  "2F002": "modifying_sql_data_not_permitted",
  "2F003": "prohibited_sql_statement_attempted",
  "2F004": "reading_sql_data_not_permitted",
  "38002": "modifying_sql_data_not_permitted",
  "38003": "prohibited_sql_statement_attempted",
  "38004": "reading_sql_data_not_permitted",
  "39004": "null_value_not_allowed"
}

type Row = Pick<Description, "category" | "transient" | "connectionLost" | "retryScope">

const parse = (text: string): ReadonlyMap<string, Row> =>
  new Map(
    text
      .trim()
      .split("\n")
      .map((line) => parseRow(line.split(" ")))
  )

const parseRow = ([key, category, ...flags]: ReadonlyArray<string>): readonly [string, Row] => [
  key ?? "",
  {
    category: category as Category,
    transient: flags.includes("t"),
    connectionLost: flags.includes("l"),
    retryScope: (flags.find((flag) => flag.length > 1) ?? "never") as RetryScope
  }
]

const kindOf = (code: string): Description["kind"] =>
  code.startsWith("00") ? "success" : code.startsWith("01") || code.startsWith("02") ? "warning" : "error"

const internal: Row = { category: "internal", transient: false, connectionLost: false, retryScope: "never" }

export const build = (): ReadonlyMap<string, Description> => {
  const byClass = parse(classes)
  const byCode = parse(exceptions)
  return new Map(
    Object.entries(codes).map(([name, code]): [string, Description] => [
      code,
      {
        code,
        name,
        condition: sharedConditions[code] ?? name.toLowerCase(),
        known: true,
        kind: kindOf(code),
        ...(byCode.get(code) ?? byClass.get(code.slice(0, 2)) ?? internal)
      }
    ])
  )
}
