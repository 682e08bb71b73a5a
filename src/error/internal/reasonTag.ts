/** The names of reasons, where no compiler has looked at them: one that does not exist would never be met. */
import { Reason } from "../Reason.ts"

const tags: ReadonlySet<string> = new Set(
  Reason.members.map(({ identifier }) => identifier.slice(identifier.lastIndexOf("/") + 1))
)

/** How much of a name has to be right for others to be shown that begin with it. */
const beginning = 4

/** Why `tag`, which `of` was given, is none. */
export const tagProblem = (of: string, tag: unknown): string | undefined => {
  if (typeof tag === "string" && tags.has(tag)) return undefined
  if (typeof tag !== "string") return `${of} takes the name of a reason, such as "UniqueViolation"`
  const alike = [...tags].filter((name) => name.startsWith(tag.slice(0, beginning)))
  const known = alike.length === 0 ? "the README lists them" : `known are ${alike.join(", ")}`
  return `${of} was given "${tag}", which is no reason of a DatabaseError: ${known}`
}
