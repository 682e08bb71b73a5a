/**
 * The package's JavaScript: a file for each public module, all of them thin, over
 * one chunk for each context. A hundred small files took longer to find and read
 * than to run; a dozen do not, and a subpath still loads no more than its own
 * context and the floors below. Declarations come from `tsc`, a file for a file.
 *
 * Rolldown's command would list every chunk; a build that went well says nothing.
 */
import { globSync } from "node:fs"
import { rolldown } from "rolldown"

const modules = globSync("src/**/*.ts", { exclude: ["src/**/internal/**"] })

/** Folders with a chunk of their own. */
const loadedLater = { lint: "/src/migration/internal/lint/", statements: "/src/catalog/internal/sql/" }

/**
 * The folder below `src`, which is the context; `MainLive`, the index and the command's process stand alone, and what
 * is loaded when first used is apart from what loads it.
 */
const context = (id: string): string | null =>
  Object.entries(loadedLater).find(([, folder]) => id.includes(folder))?.[0] ??
  /\/src\/([^/]+)\/(?!main\.ts$)/.exec(id)?.[1] ??
  null

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
  minifyInternalExports: false,
  entryFileNames: "[name].js",
  // At the depth of the sources, from where the package's own migrations are found.
  chunkFileNames: "chunks/[name].js",
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: context, debugName: "context" }] }
})

await bundle.close()
