/** Migrations as the commands print them: as JSON, and as rows of a table. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { MigrationName, MigrationStatus, PlannedMigration } from "../../migration/Migrator.ts"
import { MigrationError } from "../../migration/MigrationError.ts"
import { findingEntry } from "./findings.ts"
import { type Paint, table, took } from "./table.ts"

interface Ran {
  readonly namespace: string
  readonly id: string
  readonly name: string
  readonly duration: Duration.Duration
}

export const entry = ({ duration, id, name, namespace }: Ran) => ({
  namespace,
  id,
  name,
  durationMillis: Math.round(Duration.toMillis(duration))
})

/** A migration that has not run. */
export const pendingEntry = ({
  id,
  kind,
  name,
  namespace
}: Pick<MigrationStatus, "namespace" | "id" | "name" | "kind">) => ({
  namespace,
  id,
  name,
  kind
})

/** `<id>_<name>`; a repeatable one's id has its name. */
export const titleOf = ({ id, name }: { readonly id: string; readonly name: string }): string =>
  id.startsWith("R__") ? id : `${id}_${name}`

export const ranTable = (paint: Paint, ran: ReadonlyArray<Ran>): string =>
  table(
    paint,
    ["NAMESPACE", "MIGRATION", "TIME"],
    ran.map((migration) => [migration.namespace, titleOf(migration), took(migration.duration)]),
    [2]
  )

export const statusEntry = (status: MigrationStatus) => ({
  ...pendingEntry(status),
  state: status.state,
  appliedAt: status.appliedAt && DateTime.formatIso(status.appliedAt),
  durationMillis: status.duration && Math.round(Duration.toMillis(status.duration)),
  error: status.error,
  tolerated: status.tolerated && { policy: status.tolerated.policy, tag: status.tolerated.problem._tag }
})

export const problemEntry = ({ id, name, namespace, problem }: MigrationStatus) => {
  if (problem === undefined) return []
  const { code, message } = new MigrationError({ reason: problem })
  return [{ tag: problem._tag, code, message, migration: { namespace, id, name } }]
}

export const plannedEntry = (planned: PlannedMigration) => ({
  ...pendingEntry(planned),
  direction: planned.direction,
  file: planned.file,
  transaction: planned.transaction,
  done: planned.done,
  statements: planned.statements.map(({ line, locks, text, transaction }) => ({
    line,
    transaction,
    text,
    locks: locks.map(({ mode, relation, rewrites, scans }) => ({ relation, mode, rewrites, scans }))
  })),
  verify: planned.verify,
  findings: planned.findings.map(findingEntry)
})

export const namesTable = (paint: Paint, names: ReadonlyArray<MigrationName>): string =>
  table(
    paint,
    ["NAMESPACE", "MIGRATION"],
    names.map((migration) => [migration.namespace, titleOf(migration)])
  )

/** Whether a migration's work is in the database. */
export const isApplied = ({ state }: MigrationStatus): boolean => state === "applied" || state === "baselined"

/** What a statement is, in one line of a terminal. */
export const firstLine = (statement: string, widest = 100): string => {
  const line = statement
    .split("\n")
    .map((part) => part.trim())
    .filter((part) => part !== "" && !part.startsWith("--"))
    .join(" ")
    .replaceAll(/\s+/gu, " ")
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line
}
