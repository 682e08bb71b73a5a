/** What says where to connect to, and how: what each value accepts, and its default. */
import * as Duration from "effect/Duration"
import type { SslMode } from "../Settings.ts"
import { duration } from "./settings.ts"

const sslModes: ReadonlyArray<SslMode> = ["disable", "prefer", "require", "verify-ca", "verify-full"]

export const host = {
  accepted: "one host name, address or directory of a Unix socket",
  default: "localhost",
  parse: (text: string) => (/^[^\s,]+$/.test(text) || text.startsWith("/") ? text : undefined)
}

export const port = {
  accepted: "a port from 1 to 65535",
  default: 5432,
  parse: (text: string) => {
    const value = Number(text)
    return /^\d+$/.test(text) && value >= 1 && value <= 65535 ? value : undefined
  }
}

export const sslMode = {
  accepted: `one of ${sslModes.join(", ")}`,
  default: "prefer" as SslMode,
  // libpq's `allow` asks for TLS only when the server insists; `prefer` asks first and covers it.
  parse: (text: string) => (text === "allow" ? "prefer" : sslModes.find((mode) => mode === text))
}

export const connectDuration = duration("PGCONNECT_TIMEOUT", "5 seconds", "how long opening one connection may take")

/** libpq's PGCONNECT_TIMEOUT counts seconds, and 0 means for ever. */
export const connectSeconds = {
  accepted: "a whole number of seconds up to 2000000",
  default: connectDuration.default,
  parse: (text: string) =>
    !/^\d{1,7}$/.test(text) || Number(text) > 2_000_000
      ? undefined
      : Number(text) === 0
        ? Duration.infinity
        : Duration.seconds(Number(text))
}
