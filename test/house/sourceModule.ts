/**
 * TypeScript modules as the house rules see them: their text, their syntax and
 * what they import. The syntax comes from the bundler's parser, so that comments
 * and strings are never mistaken for code.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import { parseSync } from "rolldown/utils"

/** A node of the syntax tree (ESTree with TypeScript's nodes). */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [property: string]: unknown
}

export interface Import {
  /** As written, for example "../error/DatabaseError.ts". */
  readonly specifier: string
  /** The imported module's path from the root of the tree; undefined for a package. */
  readonly target: string | undefined
  readonly line: number
}

export interface SourceModule {
  /** From the root of the tree, with "/", for example "session/Session.ts". */
  readonly path: string
  readonly text: string
  readonly body: ReadonlyArray<Node>
  readonly nodes: ReadonlyArray<Node>
  readonly imports: ReadonlyArray<Import>
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const nodesBelow = (value: unknown): ReadonlyArray<Node> =>
  Array.isArray(value)
    ? value.flatMap(nodesBelow)
    : isNode(value)
      ? [value, ...Object.values(value).flatMap(nodesBelow)]
      : []

/** The line, counted from 1, of a place in a text. */
export const lineAt = (text: string, offset: number) => text.slice(0, offset).split("\n").length

/** The text of a literal, for the specifier of an import. */
export const literal = (value: unknown) =>
  isNode(value) && value.type === "Literal" && typeof value["value"] === "string" ? value["value"] : undefined

const importing = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType"
])

const resolve = (path: string, specifier: string) =>
  specifier.startsWith(".") ? Path.posix.join(Path.posix.dirname(path), specifier) : undefined

/** One module. Type imports, re-exports, `import()` and `import("...")` in types count as imports. */
export const parseModule = (path: string, text: string): SourceModule => {
  const { errors, program }: { errors: ReadonlyArray<{ message: string }>; program: unknown } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join(", ")}`)
  const body = isNode(program) && Array.isArray(program["body"]) ? program["body"].filter(isNode) : []
  const nodes = nodesBelow(body)
  const imports = nodes.flatMap((node) => {
    const specifier = importing.has(node.type) ? literal(node["source"]) : undefined
    return specifier === undefined
      ? []
      : [{ specifier, target: resolve(path, specifier), line: lineAt(text, node.start) }]
  })
  return { path, text, body, nodes, imports }
}

/** A tree made up in a test: texts by path. */
export const parseModules = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([path, text]) => parseModule(path, text))

/** Every TypeScript module below a folder. */
export const readModules = (folder: string) =>
  Fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll(Path.sep, "/"))
    .filter((path) => path.endsWith(".ts"))
    .toSorted()
    .map((path) => parseModule(path, Fs.readFileSync(Path.join(folder, path), "utf8")))
