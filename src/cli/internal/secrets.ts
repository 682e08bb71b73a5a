/**
 * Takes passwords out of everything that is printed. A URL may be given where
 * none belongs, and the complaint about it would repeat it, on a terminal or in
 * the log of a deployment.
 */

/** The URL that says how URLs are written has no secret. */
const inUrl = /(:\/\/(?!user:password@host)[^\s:/@"'`]*):[^\s"'`]*@/gu
const asParameter = /\b((?:password|sslpassword)\s*=\s*)('[^']*'|"[^"]*"|[^\s&"'`]+)/giu

const inStatement = /\b(password\s+)'(?:[^']|'')*'/giu

const hidden = "***"

const hide = (text: string): string =>
  text.replace(inUrl, `$1:${hidden}@`).replace(asParameter, `$1${hidden}`).replace(inStatement, `$1'${hidden}'`)

/** All of an argument that holds a URL with a password, whatever characters the password has. */
const hideUrl = (url: string): string => url.replace(/(:\/\/[^:/@]*):.*@/su, `$1:${hidden}@`)

/** Hides what looks like a password, and every argument that holds one, also as JSON has it. */
export const hiding =
  (args: ReadonlyArray<string>) =>
  (text: string): string => {
    const urls = args.filter((arg) => /:\/\/[^/]*:.*@/su.test(arg))
    const without = urls.reduce(
      (left, url) => left.replaceAll(url, hideUrl(url)).replaceAll(inJson(url), inJson(hideUrl(url))),
      text
    )
    return hide(without)
  }

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
