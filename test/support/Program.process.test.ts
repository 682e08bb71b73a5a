/** What `npm run soak` and the others say to whoever tries them. */
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** Each script that is one of our programs, and its file. */
const programs = Object.entries(scripts).flatMap(([name, script]) => {
  const file = /^node (test\/\S+\.ts)$/.exec(script)?.[1]
  return file === undefined ? [] : [{ name, file }]
})

const run = (file: string, ...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr })
    )
  })

describe("The programs of `npm run`", () => {
  it("are all of them found", () =>
    assert.deepStrictEqual(
      programs.map(({ name }) => name),
      ["exactly-once", "soak", "histories", "schema-property", "crash-sweep", "migrate-at-once", "bench"]
    ))

  for (const { file, name } of programs) {
    it(`${name} says what it is and takes, and refuses what it does not take, before anything begins`, async () => {
      const help = await run(file, "--help")
      assert.strictEqual(help.code, 0, help.stderr)
      assert.match(help.stdout, new RegExp(`npm run ${name} -- \\[flags\\]`))
      const wrong = await run(file, "--jsn", "here")
      assert.strictEqual(wrong.code, 2)
      assert.include(wrong.stderr, "Unrecognized flag: --jsn")
    })
  }

  it.each([
    ["soak", "--sessions", "0", "0 is less than 1"],
    ["soak", "--sessions", "many", "--sessions"],
    ["exactly-once", "--restarts", "-1", "-1 is less than 0"],
    ["crash-sweep", "--point", "sideways:1:sent", "no point is called sideways:1:sent"],
    ["bench", "--only", "nothing", "statement"],
    ["schema-property", "--postgres", "9", "18"],
    ["histories", "./nowhere", "", "nowhere"]
  ])("%s does not take %s %s", async (name, option, value, said) => {
    const file = programs.find((program) => program.name === name)?.file ?? ""
    const { code, stderr } = await run(file, ...[option, value].filter((arg) => arg !== ""))
    assert.strictEqual(code, 2, stderr)
    assert.include(stderr, said)
  })
})
