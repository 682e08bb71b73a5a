/**
 * Extensions in `postgres` and `template1`, from which later databases inherit
 * them. The session also proves that the server takes the superuser's login.
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { quoteIdentifier } from "../../error/internal/quote.ts"
import { EmbeddedPostgresError, ExtensionUnavailable, StartFailed } from "../EmbeddedPostgresError.ts"
import type { PostmasterOptions } from "./postmaster.ts"
import { serverMessage } from "./serverMessage.ts"

const createIn = Effect.fnUntraced(function* (
  options: PostmasterOptions,
  url: Redacted.Redacted,
  extensions: ReadonlyArray<string>
) {
  const session = yield* PgConnection.make({ url }).pipe(
    Effect.mapError((error) => {
      const detail = `it refuses the superuser's login: ${serverMessage(error)}`
      return new EmbeddedPostgresError({
        reason: new StartFailed({ directory: options.directory, detail, log: "" })
      })
    })
  )
  for (const extension of extensions) {
    yield* session
      .query(`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(extension)} CASCADE`)
      .pipe(
        Effect.mapError(
          (error) =>
            new EmbeddedPostgresError({ reason: new ExtensionUnavailable({ extension, detail: serverMessage(error) }) })
        )
      )
  }
}, Effect.scoped)

export const createExtensions = Effect.fnUntraced(function* (
  options: PostmasterOptions,
  databaseUrl: (name: string) => Redacted.Redacted,
  extensions: ReadonlyArray<string>
) {
  yield* createIn(options, databaseUrl("postgres"), extensions)
  if (extensions.length > 0) yield* createIn(options, databaseUrl("template1"), extensions)
})
