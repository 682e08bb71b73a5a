/** An argument that may name a database or a file: which of them it is, and what to say where it is neither. */
import { failUsage } from "./failure.ts"
import { hasLogin } from "./secrets.ts"

export const isUrl = (text: string): boolean => /^postgres(?:ql)?:\/\//iu.test(text)

/** A URL that was mistyped would be looked for as a file. */
const looksLikeUrl = (text: string): boolean => /^postgres(?:ql)?(?::|\/\/)/iu.test(text) || hasLogin(text)

/** There is no file of this name. */
export const failMissing = (argument: string, accepted: string) =>
  failUsage(
    looksLikeUrl(argument) && !isUrl(argument)
      ? `${argument} is not there, and it is no URL, since it does not begin with postgres://: ${accepted}`
      : `${argument} is not there: ${accepted}`
  )
