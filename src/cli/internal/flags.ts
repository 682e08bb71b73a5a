/** The flags that several commands have. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Option from "effect/Option"

/** A flag that is there or not. It leaves the argument after it alone, also one that reads as true or false, such as an id of 1. */
export const toggle = (name: string, description: string) =>
  Flag.Boolean(name).pipe(
    Flag.withOptionalValue("true"),
    Flag.withoutNegation,
    Flag.withDefault(false),
    Flag.withDescription(description)
  )

export const Json = GlobalFlag.Setting("json")({
  flag: toggle("json", "Print one JSON document on standard output, and nothing else there")
})

/** Whether it is among the arguments, which has to be known before they are understood. */
export const asksForJson = (args: ReadonlyArray<string>): boolean => {
  const end = args.indexOf("--")
  return (end === -1 ? args : args.slice(0, end)).some((arg) => /^--json(?:=(?:true|yes|on|1|y))?$/u.test(arg))
}

export const dryRun = (what: string) => toggle("dry-run", `Say ${what}, and change nothing`)

export const namespace = (description: string) =>
  Flag.String("namespace").pipe(
    Flag.withMetavar("NAMESPACE"),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined)
  )

/** What all commands share. */
const shared = {
  url: Flag.Redacted("url").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription(
      "The database, as postgres://user:password@host:port/database. " +
        "Default: DATABASE_MIGRATOR_URL, else DATABASE_URL, else the PG* variables"
    ),
    Flag.optional
  ),
  dir: Flag.String("dir").pipe(
    Flag.withMetavar("[NAMESPACE=]PATH"),
    Flag.withDescription(
      "A directory of migrations, of the namespace app where none is named; may be repeated. " +
        "Default: PGKEEL_MIGRATIONS, else ./migrations where it exists"
    ),
    Flag.atLeast(0)
  ),
  config: Flag.String("config").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription(
      "What may hold the other flags. Default: pgkeel.config.ts, .js, .mjs or .json, where it is there"
    ),
    Flag.optional
  ),
  role: Flag.String("role").pipe(
    Flag.withMetavar("ROLE"),
    Flag.withDescription("The role that owns what migrations create. Default: the login itself"),
    Flag.optional
  ),
  wait: Flag.String("wait").pipe(
    Flag.withMetavar("DURATION"),
    Flag.withDescription(
      'How long to wait for a server that is not there yet, such as "30 seconds". Default: it fails at once'
    ),
    Flag.optional
  )
}

/** `pgkeel migrate`, with what all of its commands share. */
export const migrate = Command.make("migrate").pipe(
  Command.withSharedFlags({
    url: shared.url,
    dir: shared.dir,
    seeds: Flag.String("seeds").pipe(
      Flag.withMetavar("PATH"),
      Flag.withDescription("A directory of data to start with, which runs after all migrations. Default: none"),
      Flag.optional
    ),
    environment: Flag.String("environment").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("The folder of the seeds that runs too, such as development. Default: none"),
      Flag.optional
    ),
    config: shared.config,
    role: shared.role,
    policy: Flag.String("policy").pipe(
      Flag.withMetavar("NAME=ANSWER"),
      Flag.withDescription(
        "What to do about a history that does not fit, such as late=allow; may be repeated. " +
          "Names: late, edited, renamed, missing, newer; answers: fail, warn, allow. Default: fail"
      ),
      Flag.atLeast(0)
    ),
    wait: shared.wait,
    lockPatience: Flag.String("lock-patience").pipe(
      Flag.withMetavar("DURATION"),
      Flag.withDescription('How long to wait for another migrator, such as "10 seconds". Default: 1 minute'),
      Flag.optional
    )
  }),
  Command.withDescription("Bring a database to the schema that the migrations describe, and back")
)

/** `pgkeel schema`, with what all of its commands share. */
export const schema = Command.make("schema").pipe(
  Command.withSharedFlags({
    ...shared,
    shadow: Flag.Redacted("shadow").pipe(
      Flag.withMetavar("URL"),
      Flag.withDescription(
        "Where .sql files and directories of migrations are run: on a scratch database, made by this login and " +
          "dropped afterwards. Default: on the server of the database"
      ),
      Flag.optional
    )
  }),
  Command.withDescription("Look at the schema of a database, and compare it with what it should be")
)
