/** Lint is a hundred rules that an application which only migrates never needs: they are loaded when first used. */
import * as Effect from "effect/Effect"

export const lintModule = Effect.promise(() => import("./lint/migrations.ts"))
