/** What surrounds a failure and is not in the error. */
import type { Phase } from "../RetryScope.ts"

/** What the caller knows and the driver does not say. */
export interface FailureContext {
  /** How far the connection had come. Decides what may be run again after it is lost. */
  readonly phase?: Phase | undefined
  /** The statement's text with its placeholders; never its parameters. */
  readonly statement?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
}
