/** The README's code as the project of somebody who has typed all of it in. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Block, blocksOf } from "./blocks.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

export const blocks = blocksOf(readFileSync(join(root, "README.md"), "utf8"))

/** The options of the compiler that the page gives. */
const { compilerOptions } = JSON.parse(blocks.find(({ file }) => file === "tsconfig.json")?.text ?? "{}")

/** Those that run as a program of their own. */
export const programs = blocks.filter(({ run }) => run?.startsWith("process, "))

/** Those that run in one application. */
export const examples = blocks.filter(({ run }) => run !== undefined && !run.startsWith("process, "))

export const nameOf = ({ line }: Block) => `example-${line}`

/** The example as a module, each line on the line of the README that it comes from. */
const moduleOf = (block: Block) =>
  `${"\n".repeat(block.line - 1)}${block.text}
import type { MainServices as ServicesOfMain } from "pgkeel/MainLive"
export const needsMain = ${!block.text.includes("Effect.provide(")}
export const example: Effect.Effect<unknown, unknown, ServicesOfMain> = ${block.run}
`

export class ReadmeProject {
  /** In the checkout, where modules find their packages, and hidden from every other tool. */
  readonly directory = mkdtempSync(fileURLToPath(new URL(".application-", import.meta.url)))

  constructor() {
    for (const block of blocks) {
      const path = block.file ?? (block.language === "ts" ? `${nameOf(block)}.ts` : undefined)
      if (path !== undefined) this.#write(path, examples.includes(block) ? moduleOf(block) : block.text)
    }
  }

  /** What the compiler has to say, by the lines of the README, under the settings that it gives. */
  get complaints(): Promise<string> {
    const settings = {
      // What the package's own sources need, under what the page says to write.
      extends: join(root, "tsconfig.json"),
      // An example shows a name that the next one would use.
      compilerOptions: { ...compilerOptions, noUnusedLocals: false },
      include: ["*.ts", "migrations/*.ts"]
    }
    this.#write("tsconfig.json", JSON.stringify(settings))
    return new Promise((resolve) => {
      execFile(
        join(root, "node_modules/.bin/tsc"),
        ["-p", this.directory, "--noEmit", "--pretty", "false"],
        { cwd: root },
        (error, stdout, stderr) => {
          const output = `${stdout}${stderr}`.replaceAll(`${this.directory.slice(root.length)}/`, "README.md, ")
          resolve(error !== null && output === "" ? error.message : output)
        }
      )
    })
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  #write(path: string, text: string): void {
    const file = join(this.directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}
