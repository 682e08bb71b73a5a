/** A configuration as it is loaded from variables, and from nothing else. */
import { NodeFileSystem } from "@effect/platform-node"
import { ConfigProvider, Effect, FileSystem, Redacted } from "effect"
import { DatabaseConfig } from "../../src/config/DatabaseConfig.ts"
import type { DatabaseOptions } from "../../src/config/Settings.ts"

export type Variables = Readonly<Record<string, string>>

const provided = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem>, variables: Variables) =>
  effect.pipe(
    Effect.provide(NodeFileSystem.layer),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: variables })))
  )

export const load = (variables: Variables, options: DatabaseOptions = {}, urlVariable?: string) =>
  provided(DatabaseConfig.load(options, urlVariable), variables)

export const find = (urlVariable: string, variables: Variables, options: DatabaseOptions = {}) =>
  provided(DatabaseConfig.find(urlVariable, options), variables)

/** What is wrong with it, one `[tag, variable]` each. */
export const problems = (variables: Variables, options: DatabaseOptions = {}) =>
  Effect.map(Effect.flip(load(variables, options)), ({ reasons }) =>
    reasons.map((reason): readonly [string, string] => [reason._tag, reason.variable])
  )

export const passwordOf = ({ password }: { readonly password: Redacted.Redacted | undefined }) =>
  password === undefined ? undefined : Redacted.value(password)
