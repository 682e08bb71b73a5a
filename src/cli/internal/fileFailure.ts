/** A file or a directory that could not be read, written or made: which, why, and what to do. */
import type { PlatformError } from "effect/PlatformError"
import * as Predicate from "effect/Predicate"

/** What was tried, by the method that failed. */
const tried: Readonly<Record<string, string>> = {
  writeFile: "written",
  writeFileString: "written",
  open: "opened",
  makeDirectory: "made",
  readFile: "read",
  readFileString: "read",
  readDirectory: "read"
}

/** Node tells one name for several, which need different words. */
const codeOf = ({ reason }: PlatformError): string => {
  const { cause } = reason
  return Predicate.hasProperty(cause, "code") ? String(cause.code) : reason._tag
}

const whys: Readonly<Record<string, string>> = {
  ENOENT: "it, or a directory above it, does not exist; make that, or give another path",
  EEXIST: "something of this name is there already; move it, or give another path",
  ENOTDIR: "something above it is a file; give another path",
  EISDIR: "it is a directory; give the path of a file",
  EACCES: "this process may not; let it, or give another path",
  EPERM: "this process may not; let it, or give another path",
  EROFS: "it is on a file system that is read only; give another path",
  ENOSPC: "no space is left; make some, or give another path"
}

export const fileProblem = (error: PlatformError): string => {
  const { reason } = error
  if (reason._tag === "BadArgument" || reason.pathOrDescriptor === undefined) return error.message
  const why = whys[codeOf(error)] ?? `${error.message}; give another path`
  return `${reason.pathOrDescriptor} cannot be ${tried[reason.method] ?? "used"}: ${why}`
}
