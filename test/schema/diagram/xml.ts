/** Reads XML strictly: whatever is not well-formed is refused, as a browser refuses it. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Array<Element>
  /** Its own and its children's. */
  text: string
}

const name = "[A-Za-z_][\\w.:-]*"
const tag = new RegExp(`<(/?)(${name})((?:\\s+${name}="[^"<]*")*)\\s*(/?)>|([^<]+)|([^])`, "guy")
const attribute = new RegExp(`(${name})="([^"<]*)"`, "gu")
const reference = /&(?:amp|lt|gt|quot|apos);/g
const character = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u

const signs: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'" }

const unescape = (text: string): string => {
  if (text.replace(reference, "").includes("&")) throw new Error(`a bare & in ${text}`)
  return text.replace(reference, (found) => signs[found] ?? "")
}

const attributesOf = (text: string): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const [, key = "", value = ""] of text.matchAll(attribute)) {
    if (key in found) throw new Error(`${key} twice in ${text}`)
    found[key] = unescape(value)
  }
  return found
}

export const parse = (document: string): Element => {
  if (!character.test(document)) throw new Error("a character that XML does not have")
  const root: Element = { name: "", attributes: {}, children: [], text: "" }
  const open = [root]
  for (const [all, closes, name = "", attributes = "", empty, text, stray] of document.matchAll(tag)) {
    if (stray !== undefined) throw new Error(`no XML: ${all}`)
    const parent = open.at(-1)
    if (parent === undefined) throw new Error(`behind the end: ${all}`)
    if (text !== undefined) for (const element of open) element.text += unescape(text)
    else if (closes === "/") {
      if (parent.name !== name) throw new Error(`</${name}> closes <${parent.name}>`)
      open.pop()
    } else {
      const element: Element = { name, attributes: attributesOf(attributes), children: [], text: "" }
      parent.children.push(element)
      if (empty === "") open.push(element)
    }
  }
  const [only, ...others] = root.children
  if (open.length !== 1 || only === undefined || others.length > 0) throw new Error("not one element with all closed")
  return only
}

/** An element and all that is in it. */
export const everything = (element: Element): ReadonlyArray<Element> => [
  element,
  ...element.children.flatMap(everything)
]
