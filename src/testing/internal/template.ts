/**
 * Template databases, each built once under a lock.
 *
 * The lock is polled for: it belongs to the session that builds, so it is free
 * again the moment a killed process's session ends. "Is a template" is set when
 * the build is complete, in the statement that also closes the database to
 * sessions, which would make cloning fail.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import { createHash } from "node:crypto"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { TemplateLocked, TestDatabaseError } from "../TestDatabaseError.ts"
import { describeDatabase, dropDatabase } from "./freshDatabase.ts"
import { inRealTime } from "./realTime.ts"
import type { Server } from "./server.ts"
import { connect, refused } from "./server.ts"

const defaultPatience = "5 minutes"

export interface TemplateRequest {
  readonly key: string
  readonly patience?: Duration.Input | undefined
}

const templateName = (key: string) => `pgkeel_template_${createHash("sha256").update(key).digest("hex").slice(0, 32)}`

const Answer = Schema.Array(Schema.Tuple([Schema.Boolean]))

/** A query whose answer is yes or no; no row means no. */
const ask = (session: PgConnection.PgConnection, name: string, sql: string) =>
  session.queryValues(sql, [name]).pipe(
    Effect.mapError(refused("look up", name)),
    Effect.flatMap((rows) => Effect.orDie(Schema.decodeUnknownEffect(Answer)(rows))),
    Effect.map((rows) => rows[0]?.[0] === true)
  )

const isBuilt = (session: PgConnection.PgConnection, name: string) =>
  ask(session, name, "SELECT datistemplate AND NOT datallowconn FROM pg_catalog.pg_database WHERE datname = $1")

const lock = (session: PgConnection.PgConnection, request: TemplateRequest, name: string) =>
  ask(session, name, "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0))").pipe(
    Effect.repeat({ schedule: Schedule.spaced("25 millis"), until: (locked) => locked }),
    Effect.timeoutOrElse({
      duration: request.patience ?? defaultPatience,
      orElse: () => {
        const seconds = Duration.toSeconds(Duration.fromInputUnsafe(request.patience ?? defaultPatience))
        return Effect.fail(new TestDatabaseError({ reason: new TemplateLocked({ key: request.key, seconds }) }))
      }
    }),
    inRealTime
  )

/** Succeeds with the template's name once it is built. */
export const ensureTemplate = Effect.fnUntraced(function* <E, R>(
  server: Server,
  request: TemplateRequest,
  build: (database: ReturnType<typeof describeDatabase>) => Effect.Effect<void, E, R>
) {
  const name = templateName(request.key)
  const session = yield* connect(server)
  if (yield* isBuilt(session, name)) return name
  yield* lock(session, request, name)
  if (yield* isBuilt(session, name)) return name
  const quoted = quoteIdentifier(name)
  yield* dropDatabase(session, name)
  yield* session.query(`CREATE DATABASE ${quoted} TEMPLATE template1`).pipe(Effect.mapError(refused("create", name)))
  yield* build(describeDatabase(server, name))
  yield* session
    .query(`ALTER DATABASE ${quoted} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`)
    .pipe(Effect.mapError(refused("mark as a template", name)))
  return name
}, Effect.scoped)
