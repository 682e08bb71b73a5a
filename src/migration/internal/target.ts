/** Which namespace, and which migration in it, a call is about. */
import * as Effect from "effect/Effect"
import { MigrationError } from "../MigrationError.ts"
import { UnknownTarget } from "../MigrationErrorReason.ts"
import { ownNamespace, seedsNamespace } from "../MigrationSource.ts"
import type { LoadedSource } from "./loader.ts"
import { compareIds, isId } from "./migration.ts"

/**
 * Without a name, the application's: the package's own tables are shared by all
 * applications on the database, and are meant only when they are named (or when
 * there is no other source). Seeds come after all, and cannot be reverted.
 */
export const namespacesOf = (
  sources: ReadonlyArray<LoadedSource>,
  namespace: string | undefined
): Effect.Effect<ReadonlyArray<string>, MigrationError> => {
  if (namespace === undefined) return Effect.succeed(defaultNamespaces(sources))
  const given = sources.map((source) => source.namespace)
  return given.includes(namespace)
    ? Effect.succeed([namespace])
    : unknownTarget(namespace, `no source has this namespace; there are ${given.join(", ")}`)
}

/** Where no name is given. */
export const defaultNamespaces = (sources: ReadonlyArray<LoadedSource>): ReadonlyArray<string> => {
  const ordered = sources.map((source) => source.namespace).filter((name) => name !== seedsNamespace)
  return ordered.length === 1 ? ordered : ordered.filter((name) => name !== ownNamespace)
}

/** The same where it can only be one, because ids mean something only there. */
export const namespaceOf = (
  sources: ReadonlyArray<LoadedSource>,
  namespace: string | undefined,
  target: string
): Effect.Effect<string, MigrationError> =>
  Effect.flatMap(namespacesOf(sources, namespace), ([first, ...others]) =>
    first === undefined || others.length > 0
      ? unknownTarget(target, `say in which namespace; there are ${[first, ...others].join(", ")}`)
      : Effect.succeed(first)
  )

/** Whether it is one of the ids. */
export const isAmong = (id: string, ids: ReadonlyArray<string>): boolean =>
  isId(id) && ids.some((other) => compareIds(other, id) === 0)

export const unknownTarget = (target: string, problem: string): Effect.Effect<never, MigrationError> =>
  Effect.fail(new MigrationError({ reason: new UnknownTarget({ target, problem }) }))
