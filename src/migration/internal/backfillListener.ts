/** Who is told of every backfill that runs within it, beside the one whom the backfill itself was given: the migrator. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { BackfillProgress } from "../BackfillProgress.ts"

export const BackfillListener = Context.Reference<(event: BackfillProgress) => Effect.Effect<void>>(
  "pgkeel/migration/BackfillListener",
  { defaultValue: () => () => Effect.void }
)
