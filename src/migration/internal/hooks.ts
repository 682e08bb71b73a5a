/** Calls the hooks of a run. */
import * as Effect from "effect/Effect"
import { isSqlError } from "effect/sql/SqlError"
import { DatabaseError } from "../../error/DatabaseError.ts"
import { MigrationError } from "../MigrationError.ts"
import { HookFailed } from "../MigrationErrorReason.ts"
import type { MigrationHooks } from "../MigrationHooks.ts"
import type { MigrationStep } from "../MigrationProgress.ts"
import type { MigrationEffect } from "../MigrationSource.ts"
import { hasTransaction } from "./prepare.ts"
import { leave } from "./settings.ts"
import type { Run, Task } from "./task.ts"

type Around = "beforeAll" | "afterAll"

/** Outside of a transaction: before the first migration, or after the last. What it sets goes at its end. */
export const callAround = (run: Run, hook: Around, migrations: ReadonlyArray<MigrationStep>) => {
  const call = run.hooks[hook]
  if (call === undefined) return Effect.void
  return invoke(() => call(migrations)).pipe(
    Effect.provideContext(run.client.servicesOutside),
    Effect.mapError((cause) => failed({ hook, direction: migrations[0]?.direction ?? "up", transaction: true, cause })),
    Effect.onExit((exit) =>
      exit._tag === "Success" ? leave(run.client.connection) : Effect.ignore(leave(run.client.connection))
    )
  )
}

/** In a transaction that is open. */
export const callEach = ({ current, prepared, step }: Task, hook: "beforeEach" | "afterEach") => {
  const call = current.hooks[hook]
  if (call === undefined) return Effect.void
  const about = { hook, file: step.file, namespace: step.namespace, direction: step.direction }
  return invoke(() => call(step)).pipe(
    Effect.provideContext(current.client.services),
    Effect.mapError((cause) => failed({ ...about, transaction: hasTransaction(prepared), cause }))
  )
}

const invoke = (call: () => MigrationEffect) =>
  Effect.suspend(call).pipe(
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.mapError((error) => (isSqlError(error) ? DatabaseError.fromSqlError(error) : error))
  )

interface Failed {
  readonly hook: keyof MigrationHooks
  readonly file?: string
  readonly namespace?: string
  readonly direction: "up" | "down"
  readonly transaction: boolean
  readonly cause: unknown
}

const failed = (fields: Failed) => new MigrationError({ reason: new HookFailed(fields) })
