/** Names are checked before anything is created: PostgreSQL cuts long ones off, and two may then be one. */
import * as Effect from "effect/Effect"
import type { ResolvedState } from "../DesiredState.ts"
import { InvalidName, ProvisioningError } from "../ProvisioningError.ts"

const longest = 63

const problemOf = (name: string): string | undefined => {
  if (name === "") return "is empty"
  if (name.includes("\0")) return "holds a NUL byte"
  return new TextEncoder().encode(name).byteLength > longest ? `is longer than ${longest} bytes` : undefined
}

export const checkNames = (state: ResolvedState): Effect.Effect<void, ProvisioningError> => {
  const names = [state.database, state.owner, state.migrator, state.application, ...state.extensions, ...state.schemas]
  for (const name of names) {
    const problem = problemOf(name)
    if (problem !== undefined) return Effect.fail(new ProvisioningError({ reason: new InvalidName({ name, problem }) }))
  }
  const roles = [state.owner, state.migrator, state.application]
  const twice = roles.find((role, index) => roles.indexOf(role) !== index)
  return twice === undefined
    ? Effect.void
    : Effect.fail(new ProvisioningError({ reason: new InvalidName({ name: twice, problem: "is given to two roles" }) }))
}
