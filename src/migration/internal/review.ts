/**
 * Compares the sources with the history: what is applied, what is pending, and
 * what keeps the two from fitting together. Pure, so that `up` can do it a
 * second time once it has the lock.
 */
import { ChecksumMismatch, HalfDone, MissingFile, NameMismatch, OutOfOrder } from "../MigrationErrorReason.ts"
import type { Entry, Problem, Selected } from "./entry.ts"
import { isApplied, isHalfReverted, type Row } from "./history.ts"
import type { LoadedSource } from "./loader.ts"
import { redoAdvice } from "./redoAdvice.ts"
import { compareIds, idKey, isRepeatable, type Migration, subject } from "./migration.ts"

/** In the order in which they run. Namespaces of the history that are in no source belong to somebody else. */
export const review = (sources: ReadonlyArray<LoadedSource>, rows: ReadonlyArray<Row>): ReadonlyArray<Entry> => {
  const byNamespace = Map.groupBy(rows, (row) => row.namespace)
  const entries = sources.flatMap((source) => reviewSource(source, byNamespace.get(source.namespace) ?? []))
  const redo = redoAdvice(entries, sources)
  if (redo === undefined) return entries
  return entries.map((entry): Entry => {
    if (entry.problem?._tag !== "ChecksumMismatch") return entry
    const { appliedAt, file, id, name, namespace } = entry.problem
    return { ...entry, problem: new ChecksumMismatch({ namespace, id, name, file, appliedAt, redo }) }
  })
}

const reviewSource = (source: LoadedSource, rows: ReadonlyArray<Row>): ReadonlyArray<Entry> => {
  const { migrations, namespace } = source
  const rowOf = new Map(rows.map((row) => [idKey(row.id), row]))
  const known = new Set(migrations.map((migration) => idKey(migration.id)))
  const latestApplied = rows
    .filter((row) => isApplied(row) && !isRepeatable(row.id))
    .map((row) => row.id)
    .toSorted(compareIds)
    .at(-1)
  const latestFile = migrations.findLast(({ id }) => !isRepeatable(id))?.id
  const found = migrations.map((migration): Entry => {
    const row = rowOf.get(idKey(migration.id))
    return { namespace, id: migration.id, migration, row, problem: problemOf(migration, row, latestApplied) }
  })
  // What failed or was reverted, and is gone from the sources, is of no consequence. Nor is a repeatable one:
  // a migration drops what it had made.
  const lost = rows
    .filter((row) => isApplied(row) && !known.has(idKey(row.id)) && !isRepeatable(row.id))
    .map((row): Entry => {
      const { appliedAt, id, name } = row
      const newer = latestFile === undefined || compareIds(id, latestFile) > 0
      const problem = new MissingFile({
        namespace,
        id,
        name,
        appliedAt: appliedAt ?? undefined,
        newer,
        reverting: false
      })
      return { namespace, id, migration: undefined, row, problem }
    })
  return lost.length === 0 ? found : [...found, ...lost].toSorted((left, right) => compareIds(left.id, right.id))
}

const problemOf = (
  migration: Migration,
  row: Row | undefined,
  latestApplied: string | undefined
): Problem | undefined => {
  if (migration.kind === "repeatable") return undefined
  if (row === undefined || !isApplied(row)) {
    return latestApplied !== undefined && compareIds(migration.id, latestApplied) < 0
      ? new OutOfOrder({ ...subject(migration), latest: latestApplied })
      : undefined
  }
  // Nothing else counts: whatever the file says by now, only a part of it is there.
  if (isHalfReverted(row)) return new HalfDone({ ...namesOf(row), direction: "down", marked: false })
  return differenceOf(migration, row)
}

const namesOf = ({ id, name, namespace }: Row) => ({ namespace, id, name })

/** In what the file of an applied migration is not what was applied. */
export const differenceOf = (migration: Migration, row: Row): ChecksumMismatch | NameMismatch | undefined => {
  if (migration.kind === "repeatable") return undefined
  const appliedAt = row.appliedAt ?? undefined
  const contents = contentsOf(migration, row)
  if (row.name !== migration.name) {
    return new NameMismatch({ ...subject(migration), appliedName: row.name, appliedAt, contents })
  }
  return contents === "other" ? new ChecksumMismatch({ ...subject(migration), appliedAt }) : undefined
}

/** Whether the file is what was applied. */
const contentsOf = ({ checksum }: Migration, row: Row): NameMismatch["contents"] => {
  if (row.checksum === null || checksum === undefined) return "unknown"
  return row.checksum === checksum ? "same" : "other"
}

export const pendingOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Selected> =>
  entries.flatMap(({ migration, row }) =>
    migration !== undefined && isDue(migration, row) ? [{ migration, row }] : []
  )

/** Whether `up` has to run it. */
export const isDue = (migration: Migration, row: Row | undefined): boolean =>
  row === undefined || !isApplied(row) || (migration.kind === "repeatable" && row.checksum !== migration.checksum)
