/** The README's code, as far as it can be held to what is so without running it. */
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { blocks, examples, ReadmeProject } from "./project.ts"

describe("The README", () => {
  it("has code blocks that compile under the project's own settings", async () => {
    const project = new ReadmeProject()
    onTestFinished(() => project.remove())
    assert.strictEqual(await project.complaints, "")
  })

  it("has an example for each service that can be run, and no code that nobody checks", () => {
    assert.deepStrictEqual(
      examples.map(({ run }) => run),
      [
        "provision",
        "migrations",
        "linted",
        "start",
        "deploy",
        "inspect",
        "pay",
        "load",
        "verify",
        "recover",
        "rotate",
        "test"
      ]
    )
    assert.deepStrictEqual(
      blocks.filter(
        ({ file, language, run }) =>
          !["ts", "sh", "text", "sql", "json"].includes(language) ||
          (["sql", "json"].includes(language) && file === undefined) ||
          (run !== undefined && language !== "ts")
      ),
      []
    )
  })
})
