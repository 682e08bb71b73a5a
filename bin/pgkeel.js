#!/usr/bin/env node
/**
 * The command. What an older Node can still read is only this file, so that it
 * says in one line, and with `--json` in one document, what is missing.
 *
 * In an installed package `dist` is run. Elsewhere, as in a clone or a linked
 * checkout, the sources are, as they stand: Node takes the types off by itself
 * everywhere but below `node_modules`.
 */
import { Console } from "node:console"
import { existsSync } from "node:fs"

const [major, minor] = process.versions.node.split(".").map(Number)

const built = new URL("../dist/cli/main.js", import.meta.url)
const sources = new URL("../src/cli/main.ts", import.meta.url)
const isInstalled = import.meta.url.includes("/node_modules/")

if (major < 22 || (major === 22 && minor < 19)) {
  const message = `pgkeel needs Node 22.19 or later, and this is ${process.versions.node}`
  process.stderr.write(`${message}\n`)
  // As every other failure; see `asksForJson` and `answerOf`, which cannot be read here.
  const args = process.argv.slice(2)
  const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args
  if (flags.some((flag) => /^--json(?:=(?:true|yes|on|1|y))?$/u.test(flag))) {
    const error = { tag: "UsageError", code: "PGK0001", message }
    process.stdout.write(`${JSON.stringify({ ok: false, error })}\n`)
  }
  process.exitCode = 2
} else {
  const [first, second] = isInstalled ? [built, sources] : [sources, built]
  // Standard output is for the answer alone: what a migration or a configuration file prints goes beside it.
  globalThis.console = new Console(process.stderr)
  await import((existsSync(first) ? first : second).href)
}
