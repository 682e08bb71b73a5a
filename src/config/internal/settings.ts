/**
 * The settings that have a default, one row each: the variable, what it accepts,
 * and what it is for. The table of the README is made from these rows.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** What an option in code is before it is looked at closer. */
export type Kind = "number" | "duration" | "flag"

export interface Setting<A> {
  readonly variable: string
  readonly kind: Kind
  readonly accepted: string
  readonly describes: string
  readonly default: A
  /** The default as the documentation shows it. */
  readonly shown: string
  /** `undefined` when `text` is not accepted. */
  readonly parse: (text: string) => A | undefined
}

const integer = (
  variable: string,
  fallback: number,
  range: readonly [number, number],
  describes: string
): Setting<number> => ({
  variable,
  kind: "number",
  accepted: `a whole number from ${range[0]} to ${range[1]}`,
  describes,
  default: fallback,
  shown: String(fallback),
  parse: (text) => {
    const value = Number(text)
    return /^\d+$/.test(text) && value >= range[0] && value <= range[1] ? value : undefined
  }
})

/** 24 days: timers, and PostgreSQL's own settings, count milliseconds in 32 bits, which is a little more. */
const longestMillis = 2_073_600_000

const acceptedDuration = `a duration such as "5 seconds" or "500 millis", above zero and at most 24 days`

// `Duration.fromInput` takes any string at run time; the type lists the units only.
const durationFromText = (text: string): Duration.Duration | undefined =>
  Option.getOrUndefined(
    Option.filter(Duration.fromInput(text as Duration.Input), (duration) => {
      const millis = Duration.toMillis(duration)
      return millis > 0 && millis <= longestMillis
    })
  )

export const duration = (
  variable: string,
  fallback: Duration.Input,
  describes: string
): Setting<Duration.Duration> => ({
  variable,
  kind: "duration",
  accepted: acceptedDuration,
  describes,
  default: Duration.fromInputUnsafe(fallback),
  shown: String(fallback),
  parse: durationFromText
})

const optionalDuration = (
  variable: string,
  shown: string,
  describes: string
): Setting<Duration.Duration | undefined> => ({
  variable,
  kind: "duration",
  accepted: acceptedDuration,
  describes,
  default: undefined,
  shown,
  parse: durationFromText
})

const flag = (variable: string, fallback: boolean, describes: string): Setting<boolean> => ({
  variable,
  kind: "flag",
  accepted: "true or false",
  describes,
  default: fallback,
  shown: String(fallback),
  parse: (text) => (text === "true" ? true : text === "false" ? false : undefined)
})

export const settings = {
  maxConnections: integer("PGKEEL_POOL_MAX", 10, [1, 10_000], "connections that the pool opens at most"),
  minConnections: integer("PGKEEL_POOL_MIN", 0, [0, 10_000], "connections that the pool keeps open"),
  acquireTimeout: duration("PGKEEL_ACQUIRE_TIMEOUT", "5 seconds", "how long to wait for a free connection"),
  idleTimeout: duration("PGKEEL_IDLE_TIMEOUT", "60 seconds", "after which an unused connection is closed"),
  maxLifetime: optionalDuration("PGKEEL_MAX_LIFETIME", "no limit", "after which a connection is replaced"),
  statementTimeout: optionalDuration(
    "PGKEEL_STATEMENT_TIMEOUT",
    "the server's",
    "`statement_timeout` of every connection"
  ),
  keepAlive: duration("PGKEEL_KEEP_ALIVE", "30 seconds", "silence after which TCP keepalive probes start"),
  startTimeout: duration("PGKEEL_START_TIMEOUT", "30 seconds", "how long to retry a server that is not there at start"),
  shutdownTimeout: duration(
    "PGKEEL_SHUTDOWN_TIMEOUT",
    "10 seconds",
    "how long to wait at shutdown for work that holds a connection"
  ),
  outcomeTimeout: duration(
    "PGKEEL_OUTCOME_TIMEOUT",
    "30 seconds",
    "how long to ask the server what became of a `COMMIT` that got no answer"
  ),
  prepare: flag("PGKEEL_PREPARE", true, "prepared statements; false behind a pooler that loses them")
} as const

export type SettingName = keyof typeof settings
