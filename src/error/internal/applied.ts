/**
 * What of an attempt stays, whatever becomes of the rest: a transaction that was
 * committed, a statement that ran outside of one. A policy that ran such an attempt
 * again would apply it twice.
 */
import * as Context from "effect/Context"
import { onlyReads } from "./command.ts"

export class Applied {
  readonly #outer: Applied | undefined
  #stays = false

  constructor(outer: Applied | undefined) {
    this.#outer = outer
  }

  get stays(): boolean {
    return this.#stays
  }

  /** An attempt within an attempt is a part of both. */
  note(): void {
    this.#stays = true
    this.#outer?.note()
  }
}

/** The attempt of which an effect is a part; `undefined` where nobody would run it again. */
export const CurrentAttempt = Context.Reference<Applied | undefined>("pgkeel/error/CurrentAttempt", {
  defaultValue: () => undefined
})

/** Notes a statement that has succeeded outside of a transaction. */
export const noteStatement = (context: Context.Context<never>, statement: string | undefined): void => {
  const attempt = Context.get(context, CurrentAttempt)
  if (attempt !== undefined && !(statement !== undefined && onlyReads(statement))) attempt.note()
}

/** Notes a transaction that was committed. */
export const noteCommit = (context: Context.Context<never>): void => Context.get(context, CurrentAttempt)?.note()
