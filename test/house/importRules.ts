/**
 * Who may import whom. Each rule takes all modules of `src/` and returns its
 * violations, a sentence each that begins with the file and the line.
 */
import { literal } from "./sourceModule.ts"
import type { Import, Node, SourceModule } from "./sourceModule.ts"

/** The contexts, lowest floor first. A folder is on one floor only; `(root)` are the files directly in `src/`. */
export const floors: ReadonlyArray<ReadonlyArray<string>> = [
  ["error", "config", "secret"],
  ["connection"],
  ["session", "catalog", "logging"],
  ["migration", "credential", "encryption", "access", "audit", "monitoring", "event"],
  ["schema", "provisioning", "repository"],
  ["(root)"],
  ["cli", "testing"]
]

/** The composition, and the index that re-exports what applications use. */
const rootFiles = new Set(["MainLive.ts", "index.ts"])

/** Packages whose index loads everything that they have. */
const barrels = new Set(["effect", "effect/sql", "@effect/sql-pg", "@effect/platform-node"])

type Modules = ReadonlyArray<SourceModule>

const contextOf = (path: string) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "(root)")

const floorOf = (context: string) => floors.findIndex((contexts) => contexts.includes(context))

const isIndex = (path: string) => path === "index.ts" || path.endsWith("/index.ts")

const checkImports = (modules: Modules, complaint: (module: SourceModule, found: Import) => string | undefined) =>
  modules.flatMap((module) =>
    module.imports.flatMap((found) => {
      const message = complaint(module, found)
      return message === undefined ? [] : [`src/${module.path}:${found.line}: ${message}`]
    })
  )

/** Folders and root files that no floor knows. */
export const unknownPlaces = (modules: Modules) =>
  modules.flatMap(({ path }) => {
    const context = contextOf(path)
    if (floorOf(context) === -1) return [`src/${path}:1: the folder "${context}" is on no floor`]
    return context === "(root)" && !rootFiles.has(path)
      ? [`src/${path}:1: only ${[...rootFiles].join(" and ")} stand directly in src`]
      : []
  })

/** Imports of a higher floor, or of another context on the same floor. */
export const brokenFloors = (modules: Modules) =>
  checkImports(modules, ({ path }, { target }) => {
    if (target === undefined) return undefined
    const from = contextOf(path)
    const to = contextOf(target)
    if (from === to || floorOf(to) < floorOf(from)) return undefined
    return `${from} (floor ${floorOf(from)}) must not import ${target} (floor ${floorOf(to)})`
  })

/** Relative imports of what is no module of the tree, and imports of this package by its name. */
export const strayImports = (modules: Modules) => {
  const known = new Set(modules.map(({ path }) => path))
  return checkImports(modules, (_, { specifier, target }) => {
    if (target !== undefined && !known.has(target)) return `"${specifier}" is no module of src`
    return /^(pgkeel(\/|$)|\/|file:|#)/.test(specifier) ? `import "${specifier}" by a relative path` : undefined
  })
}

/** Imports of an index, of this package or of the ones that it is built on. */
export const barrelImports = (modules: Modules) =>
  checkImports(modules, (_, { specifier, target }) => {
    if (barrels.has(specifier)) return `import the module of "${specifier}" that is needed, not all of them`
    return target !== undefined && isIndex(target) ? `import the module, not its index ${target}` : undefined
  })

/** Statements of an index that are anything but a re-export. */
export const busyIndexes = (modules: Modules) =>
  modules
    .filter(({ path }) => isIndex(path))
    .flatMap(({ path, text, body }) =>
      body
        .filter(({ type, source }) => !/^Export(All|Named)Declaration$/.test(type) || source === null)
        .map(({ start }) => `src/${path}:${text.slice(0, start).split("\n").length}: an index only re-exports`)
    )

/**
 * Import cycles. Each is given once, by its members in the order of the imports,
 * from the one that comes first in the alphabet.
 */
export const importCycles = (modules: Modules): ReadonlyArray<string> => {
  const edges = new Map(modules.map(({ path, imports }) => [path, imports]))
  const done = new Set<string>()
  const cycles = new Set<string>()
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    const at = trail.indexOf(path)
    if (at !== -1) return void cycles.add(describeCycle(trail.slice(at), edges))
    if (done.has(path)) return
    for (const { target } of edges.get(path) ?? []) {
      if (target !== undefined) visit(target, [...trail, path])
    }
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return [...cycles]
}

const describeCycle = (members: ReadonlyArray<string>, edges: ReadonlyMap<string, ReadonlyArray<Import>>) => {
  const first = members.indexOf(members.toSorted()[0] ?? "")
  const turned = [...members.slice(first), ...members.slice(0, first)]
  const next = turned[1] ?? turned[0]
  const line = edges.get(turned[0] ?? "")?.find(({ target }) => target === next)?.line
  return `src/${turned[0]}:${line}: an import cycle: ${[...turned, turned[0]].join(" -> ")}`
}

/** Whether a declaration makes the other module run: types are gone by then. */
const isLoading = ({ exportKind, importKind, specifiers, type }: Node): boolean =>
  ["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration"].includes(type) &&
  importKind !== "type" &&
  exportKind !== "type" &&
  (!Array.isArray(specifiers) || specifiers.length === 0 || specifiers.some((one) => one.importKind !== "type"))

/** What runs before the module does. */
const loadedBefore = ({ body, imports }: SourceModule): ReadonlyArray<Import> => {
  const specifiers = body.filter(isLoading).map(({ source }) => literal(source))
  return imports.filter(({ specifier }) => specifiers.includes(specifier))
}

/** Imports by which something of `later` is loaded with `entry`, although it is for when it is first used. */
export const loadedTooEarly = (modules: Modules, entry: string, later: ReadonlyArray<string>) => {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const reached = new Set([entry])
  const found: Array<string> = []
  for (const path of reached) {
    const module = byPath.get(path)
    for (const { line, target } of module === undefined ? [] : loadedBefore(module)) {
      if (target === undefined) continue
      if (later.some((folder) => target.startsWith(folder)))
        found.push(`src/${path}:${line}: loads ${target} with ${entry}`)
      else reached.add(target)
    }
  }
  return found
}
