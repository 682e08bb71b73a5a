/**
 * What it costs to import pgkeel, next to the Effect modules that it imports
 * itself: the time of one `import` in a fresh process, from the built package.
 *
 * The modules are found by following the imports of the built package, so the
 * list is never out of date.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Benchmark } from "./support/Benchmark.ts"
import { median } from "./support/median.ts"

const root = new URL("../../", import.meta.url)

const entryPoint = new URL("dist/index.js", root)

const run = promisify(execFile)

interface Times {
  readonly wall: number
  readonly cpu: number
}

/** Milliseconds for importing the modules one after another in a new process. */
const importTime = async (modules: ReadonlyArray<string>): Promise<Times> => {
  const code = `
    const start = performance.now()
    const before = process.cpuUsage()
    for (const name of ${JSON.stringify(modules)}) await import(name)
    const { user, system } = process.cpuUsage(before)
    console.log(JSON.stringify({ wall: performance.now() - start, cpu: (user + system) / 1000 }))
    process.exit()`
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { cwd: fileURLToPath(root) })
  return JSON.parse(stdout) as Times
}

const importPattern = /^(?:import|export)\s(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm

/** The packages' modules that a module and its relatives import statically. */
const effectModules = (module: URL, seen = new Set<string>()): ReadonlyArray<string> => {
  if (seen.has(module.href)) return []
  seen.add(module.href)
  const found = Array.from(readFileSync(module, "utf8").matchAll(importPattern), ([, name = ""]) => name)
  return found.flatMap((name) =>
    name.startsWith(".")
      ? effectModules(new URL(name, module), seen)
      : /^(?:@effect\/|effect\/)/.test(name)
        ? [name]
        : []
  )
}

const against = "the modules of effect and @effect/* that it imports"

const measure = async (quick: boolean) => {
  if (!existsSync(entryPoint)) throw new Error("dist/index.js is not there: run `npm run build` first")
  const sides = {
    ours: [entryPoint.href],
    theirs: Array.from(new Set(effectModules(entryPoint)))
  }
  const rounds: Array<{ readonly ours: Times; readonly theirs: Times }> = []
  for (let index = 0; index < (quick ? 3 : 40); index++) {
    const first = index % 2 === 0 ? "ours" : "theirs"
    const second = index % 2 === 0 ? "theirs" : "ours"
    const one = await importTime(sides[first])
    const other = await importTime(sides[second])
    rounds.push(first === "ours" ? { ours: one, theirs: other } : { ours: other, theirs: one })
  }
  const figure = (value: (times: Times) => number) => ({
    ratio: median(rounds.map(({ ours, theirs }) => value(ours) / value(theirs))),
    ours: median(rounds.map(({ ours }) => value(ours))),
    theirs: median(rounds.map(({ theirs }) => value(theirs))),
    against
  })
  return [
    {
      name: "import",
      ...figure(({ wall }) => wall),
      unit: "milliseconds (lower is better)",
      target: { atMost: 1.2 }
    },
    { name: "import, CPU", ...figure(({ cpu }) => cpu), unit: "milliseconds of CPU (lower is better)" }
  ]
}

export const importing: Benchmark = {
  name: "import",
  run: ({ quick }) => Effect.tryPromise(() => measure(quick))
}
