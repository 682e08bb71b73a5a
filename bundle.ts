/**
 * The package's JavaScript: a file for each public module, all of them thin, over
 * a few chunks. A hundred small files took longer to find and read than to run; a
 * handful do not, and a subpath still loads its own context, those that belong with
 * it and what they stand on. Declarations come from `tsc`, a file for a file.
 *
 * Rolldown's command would list every chunk; a build that went well says nothing.
 */
import { globSync } from "node:fs"
import { rolldown } from "rolldown"

const modules = globSync("src/**/*.ts", { exclude: ["src/**/internal/**"] })

/** Folders with a chunk of their own, loaded when first used. */
const loadedLater = { lint: "/src/migration/internal/lint/", statements: "/src/catalog/internal/sql/" }

/** Contexts that are rarely loaded without each other. */
const together = {
  foundation: ["error", "config", "secret"],
  session: ["connection", "session"],
  schema: ["catalog", "migration", "schema"],
  provisioning: ["credential", "provisioning"]
}

/** The name of a module's chunk; `MainLive`, the index and the command's process stand alone. */
const chunk = (id: string): string | null => {
  const later = Object.entries(loadedLater).find(([, folder]) => id.includes(folder))
  if (later !== undefined) return later[0]
  const context = /\/src\/([^/]+)\/(?!main\.ts$)/.exec(id)?.[1]
  if (context === undefined) return null
  return Object.entries(together).find(([, contexts]) => contexts.includes(context))?.[0] ?? context
}

const bundle = await rolldown({
  input: Object.fromEntries(modules.map((file) => [file.slice("src/".length, -".ts".length), file])),
  // A module exports what its source does, and a chunk what the modules need of it.
  preserveEntrySignatures: "allow-extension",
  external: /^[^./]/,
  platform: "node",
  logLevel: "warn"
})

await bundle.write({
  dir: "dist",
  format: "esm",
  sourcemap: true,
  comments: { jsdoc: false },
  minifyInternalExports: false,
  entryFileNames: "[name].js",
  // At the depth of the sources, from where the package's own migrations are found.
  chunkFileNames: "chunks/[name].js",
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: chunk, debugName: "chunk" }] }
})

await bundle.close()
