/** What the commands have in common that write a schema down. */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

export const of = Argument.String("OF").pipe(
  Argument.withDescription(
    "A snapshot file, a .sql file, a directory of migrations, or the URL of a database. Default: the database"
  ),
  Argument.optional,
  Argument.map(Option.getOrUndefined)
)

export const out = (what: string) =>
  Flag.String("out").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription(`Where ${what} is written. Default: standard output`),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )
