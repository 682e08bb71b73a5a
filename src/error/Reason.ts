/**
 * Why a database operation failed: one tagged class for each failure that an
 * application may want to act on, and `ServerError` and `ClientError` for the rest.
 *
 * A reason's `message` never shows a value of a row or a parameter, and neither
 * does what a logger makes of it. The server's own words are kept on the reason:
 * `detail` and `where` often hold values, and reading the field shows them.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { ReasonTypeId } from "./internal/reasonClass.ts"
import { RetriesExhausted } from "./internal/retriesExhausted.ts"
import { SingleReason } from "./internal/singleReason.ts"

export * from "./internal/availabilityReasons.ts"
export * from "./internal/clientReasons.ts"
export * from "./internal/concurrencyReasons.ts"
export * from "./internal/connectionReasons.ts"
export * from "./internal/constraintReasons.ts"
export * from "./internal/managerReasons.ts"
export type { ReasonTraits } from "./internal/reasonClass.ts"
export * from "./internal/retriesExhausted.ts"
export { SingleReason } from "./internal/singleReason.ts"
export * from "./internal/statementReasons.ts"

/** Every reason there is. */
export const Reason = Schema.Union([...SingleReason.members, RetriesExhausted])
export type Reason = typeof Reason.Type

/** Whether a value is one of the reasons above. */
export const isReason = (value: unknown): value is Reason => Predicate.hasProperty(value, ReasonTypeId)
