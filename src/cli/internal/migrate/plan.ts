/** `pgkeel migrate plan`. */
import * as Command from "effect/cli/Command"
import { answering } from "../answer.ts"
import { showPlan } from "../showPlan.ts"
import { upFlags } from "./up.ts"

export const plan = Command.make("plan", upFlags, (target) => answering(showPlan({ direction: "up", ...target }))).pipe(
  Command.withDescription("Show exactly what up would run, in which transactions, and change nothing")
)
