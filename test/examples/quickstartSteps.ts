/** What the quickstart prints: a line for each step, in order, and the times below each other. */
import { assert } from "@effect/vitest"
import type { Ended } from "./program.ts"

/** The steps that it prints, in their order. */
const steps = [
  "server",
  "provision",
  "start",
  "connection",
  "core tables",
  "migrations",
  "schema",
  "missing tables",
  "constraints",
  "snapshot",
  "session",
  "typed error",
  "retry",
  "migrate down",
  "migrate up",
  "pool",
  "stop"
]

const isStep = (line: string) => /^(?:✓ | {4}.* ms$)/u.test(line)

const linesOf = (output: string) => output.split("\n").filter(isStep)

/** The heading, and the prose below the steps; nothing that is logged. */
const isProse = (line: string) => /^(?:$| {2,}\S|pgkeel)/u.test(line)

export const lineOf = (name: string, output: string) =>
  linesOf(output).find((line) => line.replace(/^✓/u, " ").trimStart().startsWith(name)) ?? ""

/** A step a line, in order, and the times below each other. */
export const assertReads = ({ code, errors, output }: Ended) => {
  assert.strictEqual(errors, "")
  assert.strictEqual(code, 0)
  assert.deepStrictEqual(
    output.split("\n").filter((line) => !isStep(line) && !isProse(line)),
    []
  )
  const lines = linesOf(output)
  assert.lengthOf(lines, steps.length, output)
  for (const [index, line] of lines.entries())
    assert.strictEqual(line.slice(line.startsWith("✓") ? 2 : 4).indexOf(steps[index] ?? "?"), 0, line)
  const widths = lines.filter((line) => line.endsWith(" ms")).map((line) => line.length)
  assert.lengthOf(widths, steps.length - 3)
  assert.lengthOf([...new Set(widths)], 1, output)
  assert.include(lineOf("typed error", output), "customer_email_key refused a second")
  assert.match(lineOf("retry", output), /in [3-9] runs: a serialization failure was retried/)
  assert.include(lineOf("migrate down", output), "reverted 0003_seed")
  assert.include(lineOf("pool", output), "0 in use")
}
