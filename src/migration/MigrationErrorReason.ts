/**
 * The reasons of `MigrationError`. A message names the file, says what happened
 * to it, whether anything was changed, and what to do next: it is read by
 * somebody whose deployment has just stopped.
 */
import * as Schema from "effect/Schema"
import { BackfillRefused } from "./internal/backfillReasons.ts"
import { HookFailed, UnknownRule, VerifyFailed } from "./internal/checkReasons.ts"
import {
  AdoptionRefused,
  BaselineRefused,
  ChecksumMismatch,
  DownMissing,
  MissingFile,
  NameMismatch,
  OutOfOrder,
  UnknownTarget
} from "./internal/historyReasons.ts"
import { Locked, LockLost, RoleRefused, SessionShared } from "./internal/lockReasons.ts"
import { InvalidOptions } from "./internal/optionReasons.ts"
import { EffectFailed, StatementFailed } from "./internal/runReasons.ts"
import {
  DirectoryUnreadable,
  Duplicate,
  EmptyMigration,
  InvalidFile,
  InvalidModule,
  ParseFailed,
  StatementUnsupported
} from "./internal/sourceReasons.ts"
import { HalfDone, ResumeMismatch, StatementUncertain } from "./internal/stepReasons.ts"

export * from "./internal/backfillReasons.ts"
export * from "./internal/checkReasons.ts"
export * from "./internal/historyReasons.ts"
export * from "./internal/lockReasons.ts"
export * from "./internal/optionReasons.ts"
export * from "./internal/runReasons.ts"
export * from "./internal/sourceReasons.ts"
export * from "./internal/stepReasons.ts"

export const MigrationErrorReason = Schema.Union([
  DirectoryUnreadable,
  InvalidFile,
  Duplicate,
  ParseFailed,
  StatementUnsupported,
  EmptyMigration,
  InvalidModule,
  EffectFailed,
  StatementFailed,
  ChecksumMismatch,
  NameMismatch,
  MissingFile,
  OutOfOrder,
  DownMissing,
  UnknownTarget,
  BaselineRefused,
  AdoptionRefused,
  Locked,
  LockLost,
  SessionShared,
  RoleRefused,
  ResumeMismatch,
  StatementUncertain,
  HalfDone,
  VerifyFailed,
  HookFailed,
  BackfillRefused,
  UnknownRule,
  InvalidOptions
])
export type MigrationErrorReason = typeof MigrationErrorReason.Type
