/**
 * What does not stand in `src/`. Each rule takes the modules and returns its
 * violations, a sentence each that begins with the file and the line.
 */
import { isNode, lineAt, literal, type Node, type SourceModule } from "./sourceModule.ts"

type Modules = ReadonlyArray<SourceModule>

const maximumLines = 300

const name = (value: unknown) =>
  isNode(value) && value.type === "Identifier" && typeof value["name"] === "string" ? value["name"] : undefined

/** `a.b`, `a["b"]` and `globalThis.a.b` as "a.b". */
const memberName = (node: Node): string | undefined => {
  if (node.type !== "MemberExpression") return undefined
  const owner = name(node["object"]) ?? (isNode(node["object"]) ? memberName(node["object"]) : undefined)
  const property = node["computed"] === true ? literal(node["property"]) : name(node["property"])
  return owner === undefined || property === undefined ? undefined : `${owner}.${property}`.replace(/^globalThis\./, "")
}

const checkNodes = (modules: Modules, complaint: (node: Node, path: string) => string | undefined) =>
  modules.flatMap(({ path, text, nodes }) =>
    nodes.flatMap((node) => {
      const message = complaint(node, path)
      return message === undefined ? [] : [`src/${path}:${lineAt(text, node.start)}: ${message}`]
    })
  )

/** Files that are too long to read at once. */
export const longFiles = (modules: Modules) =>
  modules.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length
    return lines > maximumLines ? [`src/${path}:${maximumLines + 1}: ${lines} lines, at most ${maximumLines}`] : []
  })

/** Ways around the type checker. */
export const typeHoles = (modules: Modules) => [
  ...checkNodes(modules, (node) => {
    if (node.type === "TSAnyKeyword") return "`any` switches the type checker off"
    if (node.type === "TSNonNullExpression" || node["definite"] === true) return "`!` claims what is not proved"
    const inner = node["expression"]
    return node.type === "TSAsExpression" && isNode(inner) && inner.type === "TSAsExpression"
      ? "`as ... as` makes any type of any other"
      : undefined
  }),
  ...modules.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        /(\/\/|\/?\*)\s*@ts-(ignore|nocheck|expect-error)/.test(line)
          ? [`src/${path}:${index + 1}: a comment silences the type checker`]
          : []
      )
  )
]

const ambient: Readonly<Record<string, string>> = {
  "process.env": "Config",
  "Date.now": "Clock",
  "performance.now": "Clock",
  "process.hrtime": "Clock",
  "Math.random": "Random, or SecureRandom for secrets"
}

const timers = new Set(["setTimeout", "setInterval", "setImmediate"])

/** Where the process ends, after Effect's runtime has. */
const entryPoints = new Set(["cli/main.ts"])

/** Reads of the world that tests cannot replace, and writes to it that applications cannot redirect. */
export const ambientAccess = (modules: Modules) =>
  checkNodes(modules, (node, path) => {
    const member = memberName(node)
    if (member?.startsWith("console.")) return "`console` cannot be redirected: use Effect's logger"
    if (member !== undefined && Object.hasOwn(ambient, member)) return `\`${member}\`: use ${ambient[member]}`
    if (
      node.type === "ImportDeclaration" &&
      /^(node:)?(process|timers|console)\b/.test(literal(node["source"]) ?? "")
    ) {
      return `${literal(node["source"])}: use Effect's services`
    }
    const callee = name(node["callee"]) ?? (isNode(node["callee"]) ? memberName(node["callee"]) : undefined)
    const isTimer = node.type === "CallExpression" && timers.has(callee?.replace(/^globalThis\./, "") ?? "")
    if (isTimer && !entryPoints.has(path)) {
      return `\`${callee}\`: use Effect.sleep or a Schedule`
    }
    const argumentCount = Array.isArray(node["arguments"]) ? node["arguments"].length : undefined
    return callee === "Date" && argumentCount === 0 ? "`new Date()`: use Clock or DateTime" : undefined
  })

/** Control flow that loses typed errors and interruption. */
export const untypedControlFlow = (modules: Modules) =>
  checkNodes(modules, (node) => {
    if (node.type === "TryStatement") return "`try` forgets the type of the error: use Effect.try or Result.try"
    if (node["async"] === true || node.type === "AwaitExpression" || node["await"] === true) {
      return "`async` cannot be interrupted: use Effect.gen"
    }
    return undefined
  })
