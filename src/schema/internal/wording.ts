/** Values of a snapshot in a line for a reader. */
import { isRecord } from "./json.ts"
import type { Json } from "./json.ts"

const longest = 120

const shorten = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 3)}...` : text)

const oneLine = (text: string): string => text.replace(/\s+/gu, " ").trim()

/** A value as it stands in a sentence. */
export const show = (value: Json | undefined): string => {
  if (value === undefined || value === null) return "none"
  if (typeof value === "string") return value === "" ? '""' : shorten(oneLine(value))
  if (Array.isArray(value)) return shorten(value.length === 0 ? "none" : value.map(show).join(", "))
  if (isRecord(value))
    return shorten(
      Object.entries(value)
        .map(([key, each]) => `${key} ${show(each)}`)
        .join(" ")
    )
  return String(value)
}

const isLong = (value: Json | undefined): value is string =>
  typeof value === "string" && (value.includes("\n") || value.length > longest)

/** Of long texts, such as the definition of a function, the first line that is otherwise. */
const firstOther = (from: string, to: string): string => {
  const [before, after] = [from.split("\n"), to.split("\n")]
  const at = before.findIndex((each, index) => each !== after[index])
  const place = at < 0 ? before.length : at
  const lines = Math.max(before.length, after.length)
  const [old, present] = lines === 1 ? aroundOther(from, to) : [before[place], after[place]]
  return `${lines === 1 ? "" : `line ${place + 1}: `}${show(old)} -> ${show(present)}`
}

/** Two long lines from shortly before where they part. */
const aroundOther = (from: string, to: string): readonly [string, string] => {
  let at = 0
  while (at < from.length && from[at] === to[at]) at += 1
  const start = Math.max(0, at - 20)
  const cut = (text: string) => (start === 0 ? text : `...${text.slice(start)}`)
  return [cut(from), cut(to)]
}

/** `text -> integer`. */
export const showChange = (from: Json | undefined, to: Json | undefined): string =>
  isLong(from) || isLong(to) ? firstOther(textOf(from), textOf(to)) : `${show(from)} -> ${show(to)}`

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : show(value))

/** What says most of a thing that is new or gone: its definition, or its type. */
export const summary = (value: Json): string => {
  if (!isRecord(value)) return show(value)
  const { default: fallback, definition, notNull, privileges, type } = value
  if (definition !== undefined) return show(definition)
  if (privileges !== undefined) return show(privileges)
  if (type === undefined) return ""
  return [
    show(type),
    ...(notNull === true ? ["NOT NULL"] : []),
    ...(fallback === undefined ? [] : [`DEFAULT ${show(fallback)}`])
  ].join(" ")
}
