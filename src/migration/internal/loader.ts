/**
 * Reads the sources into migrations in the order in which they run: the
 * package's own first, then the namespaces as given, each by its ids, with the
 * repeatable ones after all others. Seeds come last.
 */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import { Duplicate, InvalidFile } from "../MigrationErrorReason.ts"
import {
  type CodeSource,
  type MigrationSource,
  ownNamespace,
  type SeedSource,
  seedsNamespace
} from "../MigrationSource.ts"
import { fromDirectory } from "./directory.ts"
import { seedsOf } from "./seeds.ts"
import { compareIds, idKey, isId, type Migration } from "./migration.ts"

/** A namespace and its migrations, in order. */
export interface LoadedSource {
  readonly namespace: string
  readonly migrations: ReadonlyArray<Migration>
}

export const load = Effect.fnUntraced(function* (sources: ReadonlyArray<MigrationSource>, seeds?: SeedSource) {
  const ordered = [
    ...sources.filter((source) => source.namespace === ownNamespace),
    ...sources.filter((source) => source.namespace !== ownNamespace)
  ]
  const namespaces = [...ordered.map(({ namespace }) => namespace), ...(seeds === undefined ? [] : [seedsNamespace])]
  const twice = namespaces.find((namespace, i) => namespaces.indexOf(namespace) !== i)
  if (twice !== undefined) {
    return yield* fail(new Duplicate({ namespace: twice, files: [] }))
  }
  const loaded = yield* Effect.forEach(ordered, loadSource)
  if (seeds === undefined) return loaded
  return [...loaded, { namespace: seedsNamespace, migrations: yield* seedsOf(seeds) } satisfies LoadedSource]
})

const loadSource = Effect.fnUntraced(function* (source: MigrationSource) {
  const { namespace } = source
  const found = "directory" in source ? yield* fromDirectory(source) : yield* fromCode(source)
  const migrations = found.toSorted((left, right) => compareIds(left.id, right.id))
  for (const [i, migration] of migrations.entries()) {
    const next = migrations[i + 1]
    if (next !== undefined && idKey(next.id) === idKey(migration.id)) {
      const files = [migration.up.file, next.up.file]
      return yield* fail(new Duplicate({ namespace, id: migration.id, files }))
    }
  }
  return { namespace, migrations } satisfies LoadedSource
})

const fromCode = ({ migrations, namespace }: CodeSource): Effect.Effect<ReadonlyArray<Migration>, MigrationError> =>
  Effect.forEach(migrations, ({ down, id, name, transaction = true, up, verify }) => {
    const file = `${id}_${name}`
    if (!isId(id)) {
      const problem = "its id must be made of digits, between which there may be dashes"
      return fail(new InvalidFile({ namespace, path: file, problem }))
    }
    return Effect.succeed<Migration>({
      namespace,
      id,
      name,
      kind: "code",
      checksum: undefined,
      up: { _tag: "Code", file, effect: up, transaction },
      down: down && { _tag: "Code", file, effect: down, transaction },
      verify: verify && { _tag: "Code", file, effect: verify, transaction }
    })
  })

const fail = (reason: MigrationError["reason"]) => Effect.fail(new MigrationError({ reason }))
