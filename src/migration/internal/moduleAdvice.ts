/** What is wrong with a module that should be a migration, and what to do: its author may be new to Effect. */
import * as Predicate from "effect/Predicate"
import { nearest } from "../../config/internal/nearest.ts"

/** Nothing, or something else, is exported under the name. */
export const noEffect = (name: "up" | "down" | "verify", exported: unknown): string => {
  const right = `\`export const ${name} = Effect.gen(function* () { ... })\``
  if (exported === undefined) return `exports no Effect as \`${name}\`: write ${right}`
  if (typeof exported === "function") {
    return `exports a function as \`${name}\`, which is no Effect: export what it returns, such as ${right}`
  }
  return `exports ${kindOf(exported)} as \`${name}\`, which is no Effect: write ${right}`
}

/** The exports that mean something. */
const meant = ["up", "down", "verify", "transaction"] as const

/**
 * An export that is one of them but for its capitals or a slip, where that one is missing: as a typing error it would
 * be lost, and with it the `down`, or that there is no transaction. Whatever else is exported is the module's own.
 */
export const misspelt = (module: object): string | undefined => {
  const exported = Object.keys(module)
  const missing = meant.filter((name) => !exported.includes(name))
  for (const name of exported) {
    if (meant.some((known) => known === name)) continue
    const wanted = nearest(name, missing)
    // One letter of two makes other words, such as `op`: there only capitals and an exchange tell a slip.
    if (wanted === undefined || (wanted === "up" && !/^(?:up|pu)$/iu.test(name))) continue
    return `exports \`${name}\`, which means nothing: rename it to \`${wanted}\`, or, if it is something else, to what is less like it`
  }
  return undefined
}

export const noBoolean = (transaction: unknown): string =>
  `exports ${kindOf(transaction)} as \`transaction\`: write \`export const transaction = false\` for one without, or leave it out`

const kindOf = (value: unknown): string => {
  if (Predicate.isPromiseLike(value)) return "a Promise"
  return value === null ? "null" : typeof value === "object" ? "an object" : `a ${typeof value}`
}

export const importFailure = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return `cannot be imported: ${message.split("\n", 1)[0]}${placeOf(error)}; ${advice(error, message)}`
}

/**
 * The first place in a file of the application's, which is where the code is that
 * threw, or where the parser stopped. V8 writes it into the stack and nowhere else.
 */
const placeOf = (error: unknown): string => {
  // Below Node's own frames stands whoever imported the module.
  const [stack = ""] = error instanceof Error ? (error.stack ?? "").split(/^.*\(?node:internal/mu, 1) : []
  for (const [, path = "", line, column] of stack.matchAll(place)) {
    if (path.includes("/node_modules/")) continue
    return ` (${path}, line ${line}${column === undefined ? "" : `, column ${column}`})`
  }
  return ""
}

const place = /(?:^|\()(?:\s*at )?(?:async )?(?:file:\/\/)?(\/[^\n?():]+)(?:\?[^\n:]*)?:(\d+)(?::(\d+))?\)?$/gmu

const advice = (error: unknown, message: string): string => {
  const code = Predicate.hasProperty(error, "code") ? error.code : undefined
  if (code === "ERR_MODULE_NOT_FOUND") return "correct the import, or install the package"
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") return "run it with Node 22.18 or later, or write it as .mjs"
  // Node says so of every module in a package that is CommonJS, as `npm init` makes them.
  return /^(?:Unexpected token 'export'|Cannot use import statement)/u.test(message)
    ? 'put `"type": "module"` into package.json, or call the file .mjs'
    : "correct the file"
}
