/** Writes the tables that the code knows into the README, between the comments that mark their places. */
import { readFileSync, writeFileSync } from "node:fs"
import { cliReference } from "./cliReference.ts"
import { leftOutRows, ruleRows } from "./lintRules.ts"

const file = new URL("../../README.md", import.meta.url)

const table = (heading: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [heading, heading.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")

const { commands, flags } = await cliReference

const tables = {
  commands: [table(["Command", "What the command does"], commands), table(["Flag", "Of", "What it does"], flags)],
  rules: [table(["Rule", "What goes wrong", "Elsewhere"], ruleRows)],
  others: [table(["Left out", "Why"], leftOutRows)]
}

const written = Object.entries(tables).reduce(
  (readme, [what, texts]) => {
    const place = new RegExp(
      `(<!-- The ${what} write this: npm run reference -->)[\\s\\S]*?(<!-- Until here. -->)`,
      "u"
    )
    return readme.replace(place, (_, begin: string, end: string) => `${begin}\n\n${texts.join("\n\n")}\n\n${end}`)
  },
  readFileSync(file, "utf8")
)

writeFileSync(file, written)
