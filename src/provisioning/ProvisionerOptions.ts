/** How a provisioner works, whatever it is asked for. */
import type * as Duration from "effect/Duration"
import type { DatabaseOptions } from "../config/Settings.ts"

export interface ProvisionerOptions {
  /** The administrator's login. Default: `DATABASE_ADMIN_URL`. */
  readonly admin?: DatabaseOptions
  /** A file that gets `DATABASE_URL` and `DATABASE_MIGRATOR_URL`, for development; mode 0600. Default: none. */
  readonly credentialsFile?: string
  /** How long to wait for another provisioner. Default: 1 minute. */
  readonly patience?: Duration.Input
}
