/** What a server and a database for tests may be given, where no compiler has looked at it. */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { refuseWrong, sayWrong } from "../../config/internal/options.ts"
import type { Taken } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import { EmbeddedPostgresError, InvalidOption } from "../EmbeddedPostgresError.ts"
import type { EmbeddedPostgresOptions } from "../EmbeddedPostgresOptions.ts"
import * as OfDatabase from "../TestDatabaseError.ts"
import type { TemplateOptions, TestDatabaseOptions } from "../TestDatabaseOptions.ts"

const port: Rule.Problem = (value) => {
  if (typeof value !== "number") return Rule.kindOf(value)
  return Number.isInteger(value) && value >= 0 && value <= 65_535 ? undefined : "no port"
}

const texts: Rule.Problem = (value) => {
  if (!Rule.isRecord(value)) return Rule.kindOf(value)
  const wrong = Object.keys(value).find((name) => !Rule.isText(value[name]))
  return wrong === undefined ? undefined : `an object whose "${wrong}" is ${Rule.kindOf(value[wrong])}`
}

const server: Taken<EmbeddedPostgresOptions> = {
  of: "EmbeddedPostgres.layer",
  rules: {
    version: { accepted: "a major version such as 18", problem: Rule.number },
    package: { accepted: "the name or the absolute folder of a package, as text", problem: Rule.text },
    port: { accepted: "a port from 1 to 65535, or 0 for a free one", problem: port },
    extensions: { accepted: `names such as ["pg_trgm"]`, problem: Rule.listOf(Rule.text) },
    settings: { accepted: `texts such as { max_connections: "42" }`, problem: texts },
    dataDirectory: { accepted: "a path, as text", problem: Rule.text },
    username: Rule.anyText,
    password: Rule.secret("password")
  },
  example: `{ extensions: ["pg_trgm"] }`
}

const effect: Rule.Problem = (value) => (Effect.isEffect(value) ? undefined : Rule.kindOf(value))

const database = (of: string): Taken<TestDatabaseOptions<unknown, unknown>> => ({
  of,
  rules: {
    template: {
      accepted: `an object such as { key: "schema-1", build: effect }`,
      problem: Rule.record({
        key: Rule.text,
        build: effect,
        patience: Rule.optional(Rule.anyDuration.problem)
      } satisfies Record<keyof TemplateOptions, Rule.Problem>)
    },
    // Which there are is for the server to say.
    strategy: { accepted: `"wal_log" or "file_copy"`, problem: Rule.text }
  },
  example: `{ template: { key: "schema-1", build: effect } }`
})

export const checkServerOptions = (options: EmbeddedPostgresOptions): Effect.Effect<void, EmbeddedPostgresError> =>
  refuseWrong(
    options,
    server,
    (wrong) => new EmbeddedPostgresError({ reason: new InvalidOption({ description: sayWrong(server.of, wrong) }) })
  )

const invalid = (description: string) =>
  new OfDatabase.TestDatabaseError({ reason: new OfDatabase.InvalidOption({ description }) })

export const checkDatabaseOptions = (of: string, options: unknown): Effect.Effect<void, OfDatabase.TestDatabaseError> =>
  refuseWrong(options, database(of), (wrong) => invalid(sayWrong(of, wrong)))

/** What the URL itself says is read later. */
export const checkServerUrl = (url: Redacted.Redacted): Effect.Effect<void, OfDatabase.TestDatabaseError> => {
  const { accepted, problem } = Rule.secret("url")
  const wrong = problem(url)
  return wrong === undefined
    ? Effect.void
    : Effect.fail(invalid(`the URL of TestDatabase.layerServer is ${wrong}: give ${accepted}`))
}
