/** The stable codes of `MigrationError`, for programs and for searching: one for each reason, as `DatabaseError` has them. */
import type { MigrationErrorReason } from "../MigrationErrorReason.ts"

/** A reason that has no code yet does not compile. A code is never given to another reason. */
export const codes = {
  DirectoryUnreadable: "PGK8001",
  InvalidFile: "PGK8002",
  Duplicate: "PGK8003",
  ParseFailed: "PGK8004",
  StatementUnsupported: "PGK8005",
  EmptyMigration: "PGK8006",
  InvalidModule: "PGK8007",
  EffectFailed: "PGK8101",
  StatementFailed: "PGK8102",
  ResumeMismatch: "PGK8103",
  StatementUncertain: "PGK8104",
  VerifyFailed: "PGK8105",
  HookFailed: "PGK8106",
  ChecksumMismatch: "PGK8201",
  NameMismatch: "PGK8202",
  MissingFile: "PGK8203",
  OutOfOrder: "PGK8204",
  HalfDone: "PGK8205",
  DownMissing: "PGK8301",
  UnknownTarget: "PGK8302",
  BaselineRefused: "PGK8303",
  AdoptionRefused: "PGK8304",
  BackfillRefused: "PGK8305",
  UnknownRule: "PGK8306",
  InvalidOptions: "PGK8307",
  Locked: "PGK8401",
  LockLost: "PGK8402",
  SessionShared: "PGK8403",
  RoleRefused: "PGK8404"
} as const satisfies Record<MigrationErrorReason["_tag"], string>
