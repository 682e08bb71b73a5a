/** `pgkeel schema diagram`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { Snapshot } from "../../../catalog/Snapshot.ts"
import { didYouMean } from "../../../config/internal/nearest.ts"
import * as Diagram from "../../../schema/Diagram.ts"
import type { DiagramOptions } from "../../../schema/Diagram.ts"
import { select } from "../../../schema/internal/diagram/select.ts"
import { type Answer, answering, done } from "../answer.ts"
import { failUsage } from "../failure.ts"
import { of, out } from "./flags.ts"
import { options } from "./options.ts"
import { snapshotOfEither } from "./source.ts"

const formats = { mermaid: Diagram.mermaid, svg: Diagram.svg } as const

type Format = keyof typeof formats

interface Wanted extends DiagramOptions {
  readonly of: string | undefined
  readonly out: string | undefined
  readonly format: Format | undefined
}

const draw = Effect.fnUntraced(function* ({ of, out, ...wanted }: Wanted) {
  const { format = out?.endsWith(".svg") === true ? "svg" : "mermaid", ...chosen } = wanted
  const snapshot = yield* snapshotOfEither(of, yield* options)
  yield* refuseMissed(snapshot, chosen)
  const text = formats[format](snapshot, chosen)
  if (out === undefined) return { ...done({ format, diagram: text }, text.trimEnd()), verbatim: true } satisfies Answer
  const { resolve } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  yield* files.writeFileString(resolve(out), text)
  return done({ format, out }, `wrote ${out}`)
})

/** A name that chooses nothing is misspelt: the diagram would lack what was asked for, and nobody be told. */
const refuseMissed = Effect.fnUntraced(function* (snapshot: Snapshot, { schemas, tables }: DiagramOptions) {
  const chosen = (options: DiagramOptions) => select(snapshot, options).entities
  const isMissed = (options: DiagramOptions) => chosen(options).length === 0
  const schema = schemas?.find((one) => isMissed({ schemas: [one] }))
  if (schema !== undefined) yield* missed("schema", schema, new Set(chosen({}).map(({ schema }) => schema)))
  const table = tables?.find((one) => isMissed({ schemas, tables: [one] }))
  if (table === undefined) return
  const names = chosen({ schemas }).map(({ name, schema }) => (table.includes(".") ? `${schema}.${name}` : name))
  yield* missed("table", table, new Set(names))
})

const missed = (flag: string, given: string, names: ReadonlySet<string>) => {
  const listed = [...names].slice(0, most).join(", ")
  const there = names.size > most ? `${listed} and ${names.size - most} more` : listed || "none"
  const meant = didYouMean(given, names) ?? `there is ${there}`
  return failUsage(`--${flag} ${given} chooses no table: ${meant}`)
}

/** Of a list that is there to remind, not to be read. */
const most = 20

/** All that are given; none is as if it were not there. */
const globs = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.atLeast(0),
    Flag.map((given) => (given.length === 0 ? undefined : given))
  )

export const diagram = Command.make(
  "diagram",
  {
    of,
    format: Flag.Literals("format", ["mermaid", "svg"]).pipe(
      Flag.withDescription("Default: svg where the file of --out ends so, else mermaid"),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    ),
    out: out("the diagram"),
    schemas: globs("schema", "NAME", "Only tables of this schema, in which * is any text; may be repeated"),
    tables: globs("table", "NAME", "Only this table, in which * is any text; may be repeated"),
    columns: Flag.Literals("columns", ["all", "keys"]).pipe(
      Flag.withDescription("Which columns are shown. Default: all"),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    ),
    title: Flag.String("title").pipe(
      Flag.withMetavar("TEXT"),
      Flag.withDescription("What the diagram is called. Default: nothing, and in SVG Schema"),
      Flag.optional,
      Flag.map(Option.getOrUndefined)
    )
  },
  (wanted) => answering(draw(wanted))
).pipe(
  Command.withDescription("Draw the tables and the foreign keys between them, as Mermaid or as SVG"),
  Command.withExamples([{ command: "pgkeel schema diagram --out schema.svg" }])
)
