import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option, Redacted } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { inspect } from "node:util"
import * as EnvFile from "../../src/credential/EnvFile.ts"

const inDirectory = <A, E, R>(body: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* body(yield* fs.makeTempDirectoryScoped())
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const contentsOf = (path: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(path))
const modeOf = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.map(fs.stat(path), (info) => info.mode & 0o777))

const environment = { PATH: process.env["PATH"] }

/** What the variables are, in lines of JSON. */
const readByNode = (path: string, variables: ReadonlyArray<string>) => {
  const values = `process.argv.slice(1).map((name) => JSON.stringify(process.env[name] ?? "(unset)")).join("\\n")`
  const program = [`--env-file=${path}`, "-e", `process.stdout.write(${values})`, ...variables]
  return execFileSync(process.execPath, program, { encoding: "utf8", env: environment })
    .split("\n")
    .map((line) => String(JSON.parse(line)))
}

const readByShell = (path: string, variables: ReadonlyArray<string>) => {
  const values = variables.map((name) => `printf '%s\\0' "\${${name}-(unset)}"`).join("; ")
  const output = execFileSync("sh", ["-c", `. "$1"; ${values}`, "sh", path], { encoding: "utf8", env: environment })
  return output.split("\0").slice(0, -1)
}

describe("EnvFile values", () => {
  const values = [
    "plain",
    "",
    "postgresql://app:s3cret@localhost:5432/app?sslmode=require&options=-c%20x",
    "$HOME ${HOME} $(id) `id` $$",
    'double " quotes ""',
    "single ' quotes '",
    "'wrapped'",
    '"wrapped"',
    "back\\slash \\n \\t \\\\",
    "# not a comment # either",
    "  spaces at both ends  ",
    "tab\tinside",
    "a=b=c; d & e | f > g ! h ~ * ? [x]",
    "ünï-密码-🔑",
    "ends with a backslash \\"
  ]
  for (const value of values) {
    it.effect(`are read alike by node and sh: ${inspect(value)}`, () =>
      inDirectory((directory) =>
        Effect.gen(function* () {
          const path = `${directory}/.env.credentials`
          yield* EnvFile.write(path, { BEFORE: "before", VALUE: Redacted.make(value), AFTER: "after" })
          const variables = ["BEFORE", "VALUE", "AFTER"]
          assert.deepStrictEqual(readByNode(path, variables), ["before", value, "after"])
          assert.deepStrictEqual(readByShell(path, variables), ["before", value, "after"])
        })
      )
    )
  }

  const refused: ReadonlyArray<readonly [string, string]> = [
    ["VALUE", "planted\nline"],
    ["VALUE", "planted\rline"],
    ["VALUE", "planted\0zero"],
    ["VALUE", "planted ' and $HOME"],
    ["VALUE", "planted ' and \""],
    ["VALUE", "planted ' and \\"],
    ["VALUE", "planted ' and `"],
    ["VALUE", "planted \uD83D"],
    ["NOT-A-NAME", "planted"],
    ["1ST", "planted"],
    ["A=B", "planted"]
  ]
  for (const [variable, value] of refused) {
    it.effect(`are refused when no quoting serves both readers: ${variable}=${inspect(value)}`, () =>
      inDirectory((directory) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const error = yield* Effect.flip(EnvFile.write(`${directory}/env`, { [variable]: Redacted.make(value) }))
          assert.strictEqual(error.reason._tag, "EnvFileValue")
          assert.include(error.message, variable)
          assert.notInclude(inspect(error, { depth: 9 }) + JSON.stringify(error), "planted")
          assert.deepStrictEqual(yield* fs.readDirectory(directory), [])
        })
      )
    )
  }
})

describe("EnvFile.write", () => {
  it.effect("keeps every line that it does not own, byte for byte", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${directory}/env`
        const foreign = [
          "# a comment with APP_PASSWORD='old'\r\n",
          "\n",
          '  export OTHER = "x"   # kept\n',
          "MULTI='first\nAPP_PASSWORD=inside a value\nlast'\n",
          "not an assignment at all\n",
          "UNCLOSED=it's fine\n"
        ]
        yield* fs.writeFileString(
          path,
          [...foreign.slice(0, 3), "APP_PASSWORD=old # old\n", ...foreign.slice(3), "export APP_PASSWORD=older"].join(
            ""
          )
        )
        assert.strictEqual(yield* EnvFile.write(path, { APP_PASSWORD: "new", APP_USER: "app" }), "written")
        const expected = [...foreign.slice(0, 3), "APP_PASSWORD='new'\n", ...foreign.slice(3), "APP_USER='app'\n"].join(
          ""
        )
        assert.strictEqual(yield* contentsOf(path), expected)
      })
    )
  )

  it.effect("ends a last line that has no line break before it adds to it", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${directory}/env`, "LAST=1")
        yield* EnvFile.write(`${directory}/env`, { ADDED: "2" })
        assert.strictEqual(yield* contentsOf(`${directory}/env`), "LAST=1\nADDED='2'\n")
      })
    )
  )

  it.effect("changes nothing, not even the time of modification, when the file says the same", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${directory}/env`
        assert.strictEqual(yield* EnvFile.write(path, { A: "1", B: "it's" }), "written")
        yield* fs.utimes(path, 1_000_000, 1_000_000)
        const before = yield* fs.stat(path)
        assert.strictEqual(yield* EnvFile.write(path, { B: "it's", A: "1" }), "unchanged")
        const after = yield* fs.stat(path)
        assert.deepStrictEqual(Option.getOrThrow(after.mtime), Option.getOrThrow(before.mtime))
        assert.deepStrictEqual(after.ino, before.ino)
      })
    )
  )

  it.effect("is private under a umask of 000, and closes a file that was open to others", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${directory}/env`
        execFileSync(process.execPath, ["test/credential/writeEnvFile.ts", path, "1"])
        assert.strictEqual(yield* modeOf(path), 0o600)
        yield* fs.chmod(path, 0o644)
        assert.strictEqual(yield* EnvFile.write(path, { A: "1" }), "unchanged")
        assert.strictEqual(yield* modeOf(path), 0o600)
        yield* fs.chmod(path, 0o666)
        assert.strictEqual(yield* EnvFile.write(path, { A: "2" }), "written")
        assert.strictEqual(yield* modeOf(path), 0o600)
        assert.deepStrictEqual(yield* fs.readDirectory(directory), ["env"])
      })
    )
  )

  it.effect("does not write through a symbolic link, whether it leads somewhere or not", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${directory}/target`, "TARGET=1\n")
        yield* fs.symlink(`${directory}/target`, `${directory}/link`)
        yield* fs.symlink(`${directory}/nowhere`, `${directory}/dangling`)
        for (const name of ["link", "dangling"]) {
          const error = yield* Effect.flip(EnvFile.write(`${directory}/${name}`, { A: "1" }))
          assert.strictEqual(error.reason._tag, "EnvFileUnusable")
          assert.include(error.message, "symbolic link")
        }
        assert.strictEqual(yield* contentsOf(`${directory}/target`), "TARGET=1\n")
        assert.isFalse(yield* fs.exists(`${directory}/nowhere`))
      })
    )
  )

  it.effect("fails with a typed error where it cannot write, and says why", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${directory}/file`, "")
        for (const [path, words] of [
          [`${directory}/missing/env`, "directory does not exist"],
          [`${directory}/file/env`, "not a directory"],
          [directory, "not a regular file"],
          ["/proc/env", "cannot be written"]
        ] as const) {
          const error = yield* Effect.flip(EnvFile.write(path, { A: Redacted.make("planted") }))
          assert.strictEqual(error.reason._tag, "EnvFileUnusable")
          assert.include(error.message, words)
          assert.include(error.message, path)
          assert.notInclude(inspect(error, { depth: 9 }), "planted")
        }
      })
    )
  )

  it.effect("can be asked beforehand whether it could, and leaves nothing behind", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${directory}/file`, "OTHER=1\n")
        yield* fs.symlink(`${directory}/nowhere`, `${directory}/dangling`)
        for (const [path, words] of [
          [`${directory}/missing/env`, "directory does not exist"],
          [`${directory}/file/env`, "not a directory"],
          [directory, "not a regular file"],
          [`${directory}/dangling`, "symbolic link"]
        ] as const) {
          const error = yield* Effect.flip(EnvFile.check(path))
          assert.strictEqual(error.reason._tag, "EnvFileUnusable")
          assert.include(error.message, words)
        }
        yield* EnvFile.check(`${directory}/env`)
        yield* EnvFile.check(`${directory}/file`)
        assert.sameMembers([...(yield* fs.readDirectory(directory))], ["file", "dangling"])
        assert.strictEqual(yield* contentsOf(`${directory}/file`), "OTHER=1\n")
      })
    )
  )

  it.effect("shows a reader a whole file at every moment", () =>
    inDirectory((directory) =>
      Effect.gen(function* () {
        const path = `${directory}/env`
        yield* EnvFile.write(path, { VALUE: "a".repeat(200_000) })
        const seen = new Set<string>()
        const reader = Effect.forever(
          Effect.andThen(
            Effect.sync(() => seen.add(readFileSync(path, "utf8"))),
            Effect.yieldNow
          )
        )
        const writer = Effect.forEach(["b", "c", "d", "e", "f"], (character) =>
          EnvFile.write(path, { VALUE: character.repeat(200_000) })
        )
        yield* Effect.raceFirst(reader, writer)
        for (const contents of seen) assert.isTrue(contents === `VALUE='${contents.charAt(7).repeat(200_000)}'\n`)
      })
    )
  )
})
