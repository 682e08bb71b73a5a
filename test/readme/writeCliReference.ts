/** Writes the reference of the command line into the README, between the comments that mark its place. */
import { readFileSync, writeFileSync } from "node:fs"
import { cliReference } from "./cliReference.ts"

const file = new URL("../../README.md", import.meta.url)

const table = (heading: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [heading, heading.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")

const { commands, flags } = await cliReference
const text = `${table(["Command", "What the command does"], commands)}\n\n${table(["Flag", "Of", "What it does"], flags)}`
const place = /(<!-- The commands write this: npm run reference -->)[\s\S]*?(<!-- Until here. -->)/u
writeFileSync(
  file,
  readFileSync(file, "utf8").replace(place, (_, begin: string, end: string) => `${begin}\n\n${text}\n\n${end}`)
)
