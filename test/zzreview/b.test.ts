import { assert, describe } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, References, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { TestDatabase } from "../../src/testing/index.ts"
import { ownClient, directory, exists, history, migratorOf, makeMigrator, reasonOf, scalar, test, write } from "../migration/support.ts"
import { states, up, upReason, busyWith } from "../migration/oneWrite.ts"

const out = (name: string, value: unknown) => console.log(`#### ${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 1)}`)
const msg = <A, E extends { message: string }, R>(e: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(e), (x) => Exit.isSuccess(x) ? "OK " + JSON.stringify(x.value) : String((Cause.squash(x.cause) as Error).message))

const commitRefused = (id: string) => `
          CREATE TABLE parents (id int PRIMARY KEY);
          CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
          CREATE FUNCTION orphan() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            SET CONSTRAINTS ALL DEFERRED;
            INSERT INTO public.children VALUES (7);
            RETURN NULL;
          END $$;
          CREATE TRIGGER orphan AFTER INSERT ON pgkeel.migrations FOR EACH ROW
            WHEN (NEW.id = '${id}' AND NEW.state = 'applied') EXECUTE FUNCTION orphan();`
describe("review B", () => {
  for (const id of ["2", "3"]) test("B1 commit refused " + id, () => Effect.gen(function* () {
    const path = yield* directory({ "1_a.up.sql": commitRefused(id), "2_b.up.sql": "CREATE TABLE b ();", "3_c.up.sql": "CREATE TABLE c (); SELECT 1;" })
    const r: any = yield* upReason(path)
    out("B1", [r.message, r.id, r.statement, r.cause.retryScope, r.cause.reason._tag, r.cause.reason.phase, r.cause.reason.statement])
    out("B1", yield* history)
    yield* scalar("DROP TRIGGER orphan ON pgkeel.migrations")
    out("B1 again", yield* msg(up(path)))
  }))

  test("B7 CALL plan", () => Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const path = yield* directory({ "1_z.up.sql": "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; PERFORM pg_sleep(600); END $$;", "2_s.up.sql": `-- pgkeel:no-transaction\nCREATE TABLE s ();\nCALL p();` })
    const running = yield* Effect.forkChild(msg(up(path)))
    yield* busyWith("CALL").pipe(Effect.timeout("10 seconds"))
    yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CALL%'`
    yield* Fiber.join(running)
    const m = yield* migratorOf(path)
    out("B7 plan", yield* msg(m.plan()))
  }))

  test("B2 dying progress, many", () => Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const logs: Array<string> = []
    const logger = Logger.make(({ message, logLevel }) => { if (logLevel !== "Info") logs.push(logLevel + " " + JSON.stringify(message)) })
    const tables = (f: number) => Array.from({ length: 12 }, (_, t) => `CREATE TABLE t${f}_${t} (id int);`).join("\n")
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i + 1}_t.up.sql`, tables(i + 1)]))
    const downs = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i + 1}_t.down.sql`, Array.from({ length: 12 }, (_, t) => `DROP TABLE t${i + 1}_${t};`).join("\n")]))
    const path = yield* directory({ ...files, ...downs })
    let bad = 0, died = 0, failedRows = 0, done = 0
    const problems: Array<string> = []
    for (let i = 0; i < 120; i++) {
      const kill = Math.floor(Math.random() * 130); let n = 0
      const interrupts = i % 3 === 0
      const progress = () => Effect.suspend(() => n++ === kill ? (interrupts ? Effect.interrupt : Effect.die(new Error("no paper"))) : Effect.void)
      const action = i % 2 === 0 ? (m: any) => m.up() : (m: any) => m.redo({ steps: 6 })
      const exit: any = yield* Effect.exit(Effect.flatMap(migratorOf(path, { progress }), (m) => action(m) as Effect.Effect<any, any>).pipe(Effect.provide(ownClient(url), { local: true }), Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "Warn")))
      if (Exit.isFailure(exit)) died++; else done++
      const rows: any = yield* history
      for (const r of rows) {
        const there = yield* exists(`t${r.id}_0`), last = yield* exists(`t${r.id}_11`)
        const should = r.state === "applied"
        const started = rows
        if (there !== last || (r.state === "applied") !== there) { if (!(r.state === "failed" && there)) { bad++; problems.push(`${i} ${r.id} ${r.state} ${r.error} there=${there} last=${last}`) } else problems.push(`${i} failed-but-there ${r.id} ${r.error}`) }
        if (r.state === "failed") failedRows++
      }
      const locks = yield* scalar("SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
      if (locks !== 0) problems.push(`${i} locks ${locks}`)
      // start anew now and then
      if (i % 4 === 3) {
        const e = yield* msg(up(path)); if (!e.startsWith("OK")) problems.push(`${i} rerun ${e}`)
        if (i % 8 === 7) { for (const n of [1,2,3,4,5,6]) for (let t = 0; t < 12; t++) yield* scalar(`DROP TABLE IF EXISTS t${n}_${t}`); yield* scalar("DELETE FROM pgkeel.migrations WHERE namespace = 'app'") }
      }
    }
    out("B2", { bad, died, done, failedRows, problems: problems.slice(0, 12), logs: Array.from(new Set(logs)).slice(0, 10), nlogs: logs.length })
  }), 120000)

  test("B3 random interruption", () => Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const logs: Array<string> = []
    const logger = Logger.make(({ message, logLevel }) => { if (logLevel !== "Info") logs.push(logLevel + " " + JSON.stringify(message)) })
    const tables = (f: number) => Array.from({ length: 40 }, (_, t) => `CREATE TABLE t${f}_${t} (id int);`).join("\n")
    const files = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${i + 1}_t.up.sql`, tables(i + 1)]))
    const path = yield* directory(files)
    const problems: Array<string> = []
    const counts: Array<number> = []; let slow = 0
    yield* Effect.gen(function* () {
      const m = yield* migratorOf(path)
      for (let i = 0; i < 80; i++) {
        const running = yield* Effect.forkChild(m.up())
        yield* Effect.sleep(Math.random() * 90)
        const t = Date.now()
        yield* Fiber.interrupt(running)
        slow = Math.max(slow, Date.now() - t)
        const sql = yield* SqlClient.SqlClient
        // the same one connection at once
        const one = yield* msg(sql`SELECT 1 AS one`)
        if (!one.startsWith("OK")) problems.push(`${i} select 1: ${one}`)
        const locks = yield* scalar("SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        if (locks !== 0) problems.push(`${i} locks ${locks}`)
        const rows: any = yield* Effect.orElseSucceed(history, () => [])
        counts.push(rows.length)
        for (const id of [1,2,3,4]) { const there = yield* exists(`t${id}_39`); if (there !== rows.some((r: any) => r.id === String(id))) problems.push(`${i} ${id} ${there}`) }
        if (rows.some((r: any) => r.state !== "applied")) problems.push(i + JSON.stringify(rows))
        for (const n of [1,2,3,4]) yield* scalar(`DROP TABLE IF EXISTS ${Array.from({ length: 40 }, (_, t) => `t${n}_${t}`).join(", ")}`)
        if (rows.length > 0) yield* scalar("DELETE FROM pgkeel.migrations WHERE namespace = 'app'")
      }
    }).pipe(Effect.provide(ownClient(url), { local: true }), Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "Warn"))
    out("B3", { problems: problems.slice(0, 10), n: problems.length, counts: counts.join(" "), slow, logs: Array.from(new Set(logs)).slice(0, 6) })
  }), 120000)
})
