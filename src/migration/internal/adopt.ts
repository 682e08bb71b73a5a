/**
 * Takes over the history that another tool has kept of a database, so that a team
 * can go over to this package on one that is in use: what the other tool has
 * applied counts as applied, since when it was. The other tool's table is read
 * and left as it is.
 *
 * | tool | table | its row is the migration |
 * |---|---|---|
 * | `effect` | `effect_sql_migrations` | with its number and its name |
 * | `drizzle` | `drizzle.__drizzle_migrations` | whose file has the hash, or is named by the entry of that time in `meta/_journal.json` |
 * | `prisma` | `_prisma_migrations` | `<id>_<name>` whose folder had the name |
 * | `node-pg-migrate` | `pgmigrations` | `<id>_<name>` whose file had the name |
 * | `flyway` | `flyway_schema_history` | whose id is the version (`1.2` is `1-2`) and whose name is the description |
 * | `golang-migrate` | `schema_migrations` | with the version, and all before it |
 */
import * as Effect from "effect/Effect"
import type { Connection } from "effect/sql/SqlConnection"
import { MigrationError } from "../MigrationError.ts"
import { AdoptionRefused } from "../MigrationErrorReason.ts"
import type { Adopted, Candidates, ForeignTool } from "./adopt/adopter.ts"
import { adopters, find, type Found } from "./adopt/find.ts"
import { refuseToMark } from "./halfDone.ts"
import { isApplied, type Row } from "./history.ts"
import { type Baseline, baselined } from "./historyEdits.ts"
import type { LoadedSource } from "./loader.ts"
import { idKey, isRepeatable } from "./migration.ts"
import { namespaceOf } from "./target.ts"
import { type Failure, type MigrationName, nameOf, type Workshop } from "./workshop.ts"

export interface AdoptOptions {
  /** The tool. Default: the one whose table is there. */
  readonly from?: ForeignTool | undefined
  /** Its table, such as `tools.pgmigrations`, quoted where SQL wants it. Default: where the tool puts it. */
  readonly table?: string | undefined
  /** Whose migrations they are. Default: the application's, if there is one namespace only. */
  readonly namespace?: string | undefined
  /** Only says what would be taken over. Default: `false`. */
  readonly dryRun?: boolean | undefined
}

export interface Adoption {
  readonly from: ForeignTool
  /** Quoted, with its schema. */
  readonly table: string
  /** What was not known as applied before. */
  readonly adopted: ReadonlyArray<MigrationName>
}

export const adopt = Effect.fnUntraced(function* (
  workshop: Workshop,
  options: AdoptOptions
): Effect.fn.Return<Adoption, Failure> {
  const { session, sources } = workshop
  const loaded = yield* sources
  const namespace = yield* namespaceOf(loaded, options.namespace, options.from ?? "adopt")
  const candidates = candidatesIn(loaded, namespace, workshop)
  const found = yield* session.look((_, connection) => choose(connection, options))
  const look = (rows: ReadonlyArray<Row>, connection: Connection) =>
    Effect.map(read(connection, found, candidates), (foreign) => baselinesOf(foreign, namespace, rows)).pipe(
      Effect.tap((baselines) => refuseToMark(rows, baselines))
    )
  const baselines = yield* options.dryRun === true ? session.propose(look) : session.amend(look, baselined)
  const adopted = baselines.map(({ migration }) => nameOf(migration))
  return { from: found.adopter.tool, table: found.table, adopted }
})

const candidatesIn = (
  loaded: ReadonlyArray<LoadedSource>,
  namespace: string,
  { readBeside }: Workshop
): Candidates => ({
  migrations: loaded
    .filter((source) => source.namespace === namespace)
    .flatMap(({ migrations }) => migrations.filter(({ id }) => !isRepeatable(id))),
  readFile: (path) => readBeside(namespace, path)
})

const choose = Effect.fnUntraced(function* (connection: Connection, { from, table }: AdoptOptions) {
  const tools = from === undefined ? adopters : adopters.filter(({ tool }) => tool === from)
  const [found, ...others] = yield* find(connection, tools, table)
  if (found === undefined) {
    const where = table === undefined ? `in ${tools.map((tool) => tool.table).join(", ")}` : `in ${table}`
    const whose = from === undefined ? "of a tool that is known" : `of ${from}`
    return yield* refuse({ problem: `there is no history ${whose} ${where}: name the table`, migrations: [] })
  }
  if (others.length > 0) {
    const all = [found, ...others].map(({ adopter, table }) => `${adopter.tool} in ${table}`)
    return yield* refuse({ problem: `there are several histories, ${all.join(" and ")}: say which`, migrations: [] })
  }
  return found
})

const read = Effect.fnUntraced(function* (connection: Connection, { adopter, table }: Found, candidates: Candidates) {
  const reading = yield* adopter.read(connection, table, candidates)
  const history = `the history of ${adopter.tool} in ${table}`
  if (reading._tag === "Unfinished") {
    const problem = `${history} has migrations that did not finish: put them right with that tool first`
    return yield* refuse({ problem, migrations: reading.migrations })
  }
  const strange = reading.rows.filter(({ migration }) => migration === undefined).map(({ label }) => label)
  if (strange.length > 0) {
    const problem = `${history} has migrations that are not among the files here by id and name: add or rename them`
    return yield* refuse({ problem, migrations: strange })
  }
  return reading.rows
})

const refuse = (about: { readonly problem: string; readonly migrations: ReadonlyArray<string> }) =>
  Effect.fail(new MigrationError({ reason: new AdoptionRefused(about) }))

/** What the history here does not have as applied already. */
const baselinesOf = (
  foreign: ReadonlyArray<Adopted>,
  namespace: string,
  rows: ReadonlyArray<Row>
): ReadonlyArray<Baseline> => {
  const known = new Map(rows.filter((row) => row.namespace === namespace).map((row) => [idKey(row.id), row]))
  const chosen = new Map<string, Baseline>()
  for (const { appliedAt, migration } of foreign) {
    const row = migration && known.get(idKey(migration.id))
    if (migration === undefined || (row !== undefined && isApplied(row))) continue
    chosen.set(idKey(migration.id), { migration, rowId: row?.id, appliedAt })
  }
  return Array.from(chosen.values())
}
