/** `pgkeel schema diagram`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Diagram from "../../../schema/Diagram.ts"
import type { DiagramOptions } from "../../../schema/Diagram.ts"
import { type Answer, answering, done } from "../answer.ts"
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
  const text = formats[format](yield* snapshotOfEither(of, yield* options), chosen)
  if (out === undefined) return { ...done({ format, diagram: text }, text.trimEnd()), verbatim: true } satisfies Answer
  const { resolve } = yield* Path.Path
  const files = yield* FileSystem.FileSystem
  yield* files.writeFileString(resolve(out), text)
  return done({ format, out }, `wrote ${out}`)
})

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
