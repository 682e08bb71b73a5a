/** What the options of a second pool may be: settings as they are in a configuration, and not as it reads them. */
import * as Duration from "effect/Duration"
import { databaseRules } from "../../config/internal/options.ts"
import * as Rule from "../../config/internal/rules.ts"
import type { Rules } from "../../config/internal/rules.ts"
import type { Settings } from "../../config/Settings.ts"
import type { Taken } from "./options.ts"
import { transformRules } from "./transforms.ts"
import type { Transforms } from "./transforms.ts"

const time: Rule.Rule = {
  accepted: `a duration, as Duration.seconds(5)`,
  problem: (value) => (Duration.isDuration(value) ? undefined : Rule.kindOf(value))
}

const settingsRules: Rules<Settings> = {
  host: databaseRules.host,
  port: databaseRules.port,
  database: databaseRules.database,
  username: databaseRules.username,
  password: databaseRules.password,
  sslMode: databaseRules.sslMode,
  rootCertificate: databaseRules.rootCertificate,
  applicationName: databaseRules.applicationName,
  startupOptions: databaseRules.startupOptions,
  maxConnections: databaseRules.maxConnections,
  minConnections: databaseRules.minConnections,
  acquireTimeout: time,
  connectTimeout: time,
  idleTimeout: time,
  maxLifetime: time,
  statementTimeout: time,
  keepAlive: time,
  startTimeout: time,
  shutdownTimeout: time,
  outcomeTimeout: time,
  prepare: databaseRules.prepare
}

export const takenByCreatePool: Taken<Settings & Transforms> = {
  of: "ConnectionManager.createPool",
  rules: { ...settingsRules, ...transformRules },
  example: "{ maxConnections: 2 }"
}

export const takenByLayer: Taken<Transforms> = {
  of: "ConnectionManager.layer",
  rules: transformRules,
  example: "{ transformJson: true }"
}
