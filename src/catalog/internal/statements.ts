/**
 * The statements of a snapshot are most of what this context weighs, and an
 * application that compares with no snapshot never sends one: they are loaded when
 * first used.
 */
import * as Effect from "effect/Effect"

export const statements = Effect.promise(() => import("./sql/query.ts"))
