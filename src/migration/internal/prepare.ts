/**
 * Makes a script ready to run: SQL is split, a module is imported. All that are
 * about to run are prepared before the first of them does, so that a mistake in
 * the third file is found while nothing has changed yet.
 */
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"
import { MigrationError } from "../MigrationError.ts"
import {
  DownMissing,
  EmptyMigration,
  InvalidModule,
  ParseFailed,
  StatementUnsupported
} from "../MigrationErrorReason.ts"
import type { MigrationEffect } from "../MigrationSource.ts"
import { importFailure, misspelt, noBoolean, noEffect } from "./moduleAdvice.ts"
import { type Migration, type Script, subject } from "./migration.ts"
import type { Directives } from "./directives.ts"
import { split, type SplitFailure, type SqlScript, type Statement } from "./splitter.ts"

export type Work =
  | {
      readonly _tag: "Statements"
      readonly statements: ReadonlyArray<Statement>
      readonly directives: Directives
    }
  | { readonly _tag: "Effect"; readonly effect: MigrationEffect; readonly transaction: boolean }

export type Direction = "up" | "down"

/** What checks a migration. It shares the transaction, and what it does is undone. */
export interface Verification {
  readonly script: Script
  readonly work: Work
}

/** A migration, what to run of it, and the file that has it. */
export interface Prepared {
  readonly migration: Migration
  readonly direction: Direction
  readonly script: Script
  readonly work: Work
  /** Of an `up` only. */
  readonly verify?: Verification | undefined
}

export const hasTransaction = ({ work }: Prepared): boolean =>
  work._tag === "Effect" ? work.transaction : work.directives.transaction

export const prepareUp = Effect.fnUntraced(function* (migration: Migration) {
  const work = yield* prepare(migration, migration.up, "up")
  if (work === undefined) {
    return yield* fail(new InvalidModule({ ...subject(migration), problem: noEffect("up", undefined) }))
  }
  // Recorded as applied it would never run again, and most likely somebody has not saved it yet. A down may do nothing.
  if (work._tag === "Statements" && work.statements.length === 0) {
    return yield* fail(new EmptyMigration(subject(migration)))
  }
  const verify = yield* prepareVerify(migration)
  return { migration, direction: "up", script: migration.up, work, verify } satisfies Prepared
})

const prepareVerify = Effect.fnUntraced(function* (migration: Migration) {
  const script = migration.verify
  const work = script && (yield* prepare(migration, script, "verify"))
  if (script === undefined || work === undefined) return undefined
  if (work._tag === "Effect") return { script, work } satisfies Verification
  if (work.statements.length === 0) return yield* fail(new EmptyMigration(subject(migration, script)))
  const wrong = work.statements.find(({ alone, copyData }) => alone !== undefined || copyData !== undefined)
  if (wrong === undefined && work.directives.transaction) return { script, work } satisfies Verification
  const { line, statement } = { line: wrong?.line ?? 1, statement: wrong?.alone ?? "a verify without a transaction" }
  return yield* fail(new StatementUnsupported({ ...subject(migration, script), line, statement, problem: undoable }))
})

const undoable = "what a verify does is undone, in the migration's own transaction; take it out of the verify"

/** All or none: what has no `down` is named completely before anything is reverted. */
export const prepareDowns = Effect.fnUntraced(function* (migrations: ReadonlyArray<Migration>) {
  const prepared: Array<Prepared> = []
  const missing: Array<Migration> = []
  for (const migration of migrations) {
    const script = migration.down
    const work = script && (yield* prepare(migration, script, "down"))
    if (script === undefined || work === undefined) missing.push(migration)
    else prepared.push({ migration, direction: "down", script, work })
  }
  if (missing.length === 0) return prepared
  const migrationNames = missing.map(({ namespace, up }) => `${up.file} (${namespace})`)
  return yield* fail(new DownMissing({ migrations: migrationNames }))
})

/** `undefined` if a module exports nothing of this name. */
export const prepare = (
  migration: Migration,
  script: Script,
  direction: Direction | "verify"
): Effect.Effect<Work | undefined, MigrationError, Path.Path> => {
  switch (script._tag) {
    case "Code":
      return Effect.succeed({ _tag: "Effect", effect: script.effect, transaction: script.transaction })
    case "Module":
      return importModule(migration, script.path, direction)
    case "Sql":
      return script.text.pipe(
        Effect.flatMap((text) => Effect.mapError(split(text), splitError(migration, script))),
        Effect.map(statementsWork)
      )
  }
}

/** A file whose statements cannot run in a transaction has none, whether it says so or not. */
const statementsWork = ({ directives, statements }: SqlScript): Work => ({
  _tag: "Statements",
  statements,
  directives: {
    ...directives,
    transaction: directives.transaction && statements.every(({ alone }) => alone === undefined)
  }
})

const splitError = (migration: Migration, script: Script) => (failure: SplitFailure) => {
  const { line } = failure
  const reason =
    failure._tag === "Refused"
      ? new StatementUnsupported({
          ...subject(migration, script),
          line,
          statement: failure.statement,
          problem: failure.problem
        })
      : new ParseFailed({ ...subject(migration, script), line, column: failure.column, parserMessage: failure.message })
  return new MigrationError({ reason })
}

const importModule = Effect.fnUntraced(function* (migration: Migration, file: string, direction: Direction | "verify") {
  const path = yield* Path.Path
  const invalid = (problem: string) =>
    new MigrationError({ reason: new InvalidModule({ ...subject(migration), problem }) })
  const url = yield* path.toFileUrl(file).pipe(Effect.mapError((error) => invalid(error.message)))
  // Modules are cached by their URL: one that was edited since must not run with its old contents.
  const href = `${url.href}?sha256=${migration.checksum}`
  const module: unknown = yield* Effect.tryPromise({
    try: () => import(/* @vite-ignore */ href),
    catch: (error) => invalid(importFailure(error))
  })
  const slip = Predicate.isObject(module) ? misspelt(module) : undefined
  if (slip !== undefined) return yield* Effect.fail(invalid(slip))
  const exported = Predicate.hasProperty(module, direction) ? module[direction] : undefined
  if (exported === undefined) return undefined
  if (isMigrationEffect(exported)) {
    const transaction = Predicate.hasProperty(module, "transaction") ? module.transaction : true
    if (typeof transaction !== "boolean") return yield* Effect.fail(invalid(noBoolean(transaction)))
    return { _tag: "Effect" as const, effect: exported, transaction }
  }
  return yield* Effect.fail(invalid(noEffect(direction, exported)))
})

/** What an Effect needs cannot be seen from outside: a module that asks for more than SqlClient fails when it runs. */
const isMigrationEffect = (value: unknown): value is MigrationEffect => Effect.isEffect(value)

const fail = (reason: MigrationError["reason"]) => Effect.fail(new MigrationError({ reason }))
