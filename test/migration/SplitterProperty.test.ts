import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { split, type Statement } from "../../src/migration/internal/splitter.ts"

/** The same files in every run: numbers that only look random (mulberry32). */
const numbers = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const nasty = [
  ";",
  "'",
  "''",
  '"',
  "\\",
  "\\.",
  "\n\\.\n",
  "$$",
  "$a$",
  "--",
  "/*",
  "*/",
  "-- migrate:down\n",
  "\\restrict x\n"
]
const innocent = ["x", " ", "é", "😀", "\n", "1", "COPY t FROM stdin;\n", "BEGIN", "e", "E", "$1", "\t"]

type Random = (below: number) => number

const pick = <A>(random: Random, from: ReadonlyArray<A>): A => {
  const one = from[random(from.length)]
  assert(one !== undefined)
  return one
}

const text = (random: Random): string =>
  Array.from({ length: random(8) }, () => pick(random, random(2) === 0 ? nasty : innocent)).join("")

const quotings: ReadonlyArray<(text: string) => string> = [
  (text) => `'${text.replaceAll("'", "''")}'`,
  (text) => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
  (text) => `e'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
  (text) => `E'a'\n '${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
  (text) => `$q$${text}$q$`,
  (text) => `$q_1é$${text} $q$ $$ $q_1é$`,
  (text) => `(1) AS "c${text.replaceAll('"', '""')}"`
]

const comments: ReadonlyArray<(text: string) => string> = [
  () => " ",
  () => "\n\n",
  (text) => ` --${text.replaceAll("\n", " ")}\n`,
  (text) => `/* ${text.replaceAll(/\/\*|\*\/|[/*]/gu, "")} /* it's */ ; */`
]

const between = (random: Random): string => {
  const comment = pick(random, comments)(text(random))
  // Those that begin like a directive are directives, wherever they stand.
  return comment.includes("migrate:") || comment.includes("pgkeel:") ? " " : comment
}

interface Made {
  /** As it stands in the file, with the rows if it is a COPY. */
  readonly source: string
  readonly text: string
  readonly copyData?: string
}

const statement = (random: Random): Made => {
  const rows = Array.from({ length: random(3) }, () => `${text(random).replaceAll("\n", "\\n")}|\n`).join("")
  switch (random(5)) {
    case 0: {
      const copy = `COPY "t${text(random).replaceAll('"', '""')}" (a)${between(random)}FROM stdin`
      return { source: `${copy};\n${rows}\\.\n`, text: copy, copyData: rows }
    }
    case 1: {
      const body = `CREATE FUNCTION f$$() RETURNS int BEGIN ATOMIC SELECT ${pick(random, quotings)(text(random))}; SELECT 1; END`
      return { source: `${body};`, text: body }
    }
    default: {
      const select = `SELECT${between(random)}${pick(random, quotings)(text(random))},${between(random)}1`
      return { source: `${select};`, text: select }
    }
  }
}

describe("splitting", () => {
  it.effect("gives back the statements of which a file was made, at their places", () =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= 600; seed++) {
        const random = numbers(seed)
        let file = ""
        const expected: Array<Statement> = []
        for (let n = random(6); n >= 0; n--) {
          file += between(random)
          const { copyData, source, text } = statement(random)
          const line = file.split("\n").length
          const column = file.length - file.lastIndexOf("\n")
          expected.push({ text, line, column, ...(copyData === undefined ? {} : { copyData }) })
          file += source
        }
        const { statements } = yield* split(file).pipe(
          Effect.mapError((failure) => new Error(`seed ${seed}: ${JSON.stringify(failure)} in\n${file}`))
        )
        assert.deepStrictEqual(statements, expected, `seed ${seed}\n${file}`)
      }
    })
  )
})
