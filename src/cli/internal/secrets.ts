/**
 * Takes passwords out of everything that is printed. A URL may be given where
 * none belongs, and the complaint about it would repeat it, on a terminal or in
 * the log of a deployment.
 */
import * as Result from "effect/Result"

/** Also with a slash too few, as resolving it as a path leaves it. The URL that says how URLs are written has no secret. */
const inUrl = /((?::\/+|\bpostgres(?:ql)?(?::|\/+))(?!\/*user:password@)[^\s:/@"'`]*):[^\s"'`]*@/giu
const asParameter = /\b((?:password|sslpassword)\s*=\s*)('[^']*'|"[^"]*"|[^\s&"'`]+)/giu

const inStatement = /\b(password\s+)'(?:[^']|'')*'/giu

const hidden = "***"

const hide = (text: string): string =>
  text.replace(inUrl, `$1:${hidden}@`).replace(asParameter, `$1${hidden}`).replace(inStatement, `$1'${hidden}'`)

/**
 * A login in an argument, `user:secret@`, whatever characters the secret has: the last
 * `@` ends it. What follows the colon of a scheme or of a drive is none.
 */
const login = /^(?:[^:@]*:\/+|[^:@]*\/\/)?([^:]*):(?!\/\/)(.*)@/su

const drive = /^(?:[^:@]*=)?[a-z]:\\/iu

interface Login {
  readonly user: string
  readonly secret: string
}

const loginOf = (argument: string): Login | undefined => {
  const [, before = "", secret = ""] = drive.test(argument) ? [] : (login.exec(argument) ?? [])
  // Of a flag with its value, and of a path, only the end is the user's name.
  return secret === "" ? undefined : { user: /[^/\\=]*$/u.exec(before)?.[0] ?? "", secret }
}

/** Whether there is a `user:secret@` in it. */
export const hasLogin = (argument: string): boolean => loginOf(argument) !== undefined

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** As the parts of a URL are written, and as they were meant. */
const formsOf = (secret: string): ReadonlyArray<string> => {
  const others = [encodeURI, decodeURIComponent].map((form) =>
    Result.getOrElse(
      Result.try(() => form(secret)),
      () => secret
    )
  )
  return Array.from(new Set([secret, ...others].flatMap((form) => [form, inJson(form)])))
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&")

/** Where a path, or a flag and its value, are taken apart: all of it, its beginning or its end may be all that is told. */
const separators = /[/\\=]+/u

type Hiding = readonly [pattern: RegExp, instead: string]

const whole = (user: string, form: string): Hiding => {
  const parts = form.split(separators).map(escape)
  return [new RegExp(`${escape(user)}:${parts.join("[/\\\\=]+")}@`, "gu"), `${user}:${hidden}@`]
}

const ends = (user: string, form: string): ReadonlyArray<Hiding> => {
  const [first = "", ...others] = form.split(separators)
  const last = others.at(-1) ?? ""
  const begun = `${escape(user)}:${first === "" ? "[/\\\\=]" : escape(first)}[^\\s"'\`]*`
  const hasBegun = others.length > 0 && user + first !== ""
  return [
    ...(hasBegun ? [[new RegExp(begun, "gu"), `${user}:${hidden}`] as const] : []),
    ...(last === "" ? [] : [[new RegExp(`(?<![^\\s/\\\\"'\`=])${escape(last)}@`, "gu"), `${hidden}@`] as const])
  ]
}

/** Hides what looks like a password, and that of every argument that holds one, in whatever form it is told. */
export const hiding = (args: ReadonlyArray<string>): ((text: string) => string) => {
  const logins = args
    .flatMap((argument) => loginOf(argument) ?? [])
    .flatMap(({ secret, user }) => formsOf(secret).map((form) => [user, form] as const))
  // The longest first: what is left of it could not be told any more.
  const patterns = [...logins.map((each) => whole(...each)), ...logins.flatMap((each) => ends(...each))]
  return (text) =>
    // A function, since a user's name may hold what has a meaning in a replacement.
    hide(patterns.reduce((left, [pattern, instead]) => left.replaceAll(pattern, () => instead), text))
}
