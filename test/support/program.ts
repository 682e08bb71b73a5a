/**
 * The programs of this repository that `npm run` starts: their options are checked
 * before anything begins, and `--help` says what they are.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Option } from "effect"
import { CliConfig, CliError, Command, Flag, GlobalFlag } from "effect/cli"
import { writeFile } from "node:fs/promises"

/** A number of things. */
export const count = (name: string, described: string, fallback: number, least = 1) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (value) => value >= least,
      (value) => `${value} is less than ${least}`
    ),
    Flag.withMetavar("N"),
    Flag.withDescription(`${described}. Default: ${fallback}`),
    Flag.withDefault(fallback)
  )

/** What makes a run the same again. */
export const seed = (described: string, random: () => number) =>
  Flag.Int("seed").pipe(
    Flag.withMetavar("S"),
    Flag.withDescription(`${described}. Default: a random one`),
    Flag.optional,
    Flag.map(Option.getOrElse(random))
  )

/** Text that may be left out. */
export const text = (name: string, metavar: string, described: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(described),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )

/** Where the result goes besides the terminal. */
export const json = (described: string) => text("json", "FILE", `Writes ${described}`)

export const writeJson = (file: string | undefined, result: unknown) =>
  file === undefined
    ? Effect.void
    : Effect.tryPromise(() => writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`))

/** Ends the program for what only it can see to be wrong in its options. */
export const misused = (problem: string) => Effect.fail(new CliError.UserError({ cause: problem }))

const wrongUsage = 2

/** Ends with 1 where it fails, or has set that as the process's code, and with 2 where its options are wrong. */
export const main = <Name extends string, Input, Context, E>(
  command: Command.Command<Name, Input, Context, E, Command.Environment>
): void =>
  Command.run(command, { version: "" }).pipe(
    Effect.catchIf(CliError.isCliError, (error) =>
      Effect.sync(() => {
        if (error._tag !== "ShowHelp" || error.errors.length > 0) process.exitCode = wrongUsage
      })
    ),
    Effect.provideService(CliConfig.CliConfig, { builtIns: [GlobalFlag.Help] }),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain
  )
