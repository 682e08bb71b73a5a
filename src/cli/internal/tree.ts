/** All commands. */
import * as Command from "effect/cli/Command"
import { Json, migrate, schema } from "./flags.ts"
import { adopt } from "./migrate/adopt.ts"
import { baseline } from "./migrate/baseline.ts"
import { down } from "./migrate/down.ts"
import { lint } from "./migrate/lint.ts"
import { newMigration } from "./migrate/new.ts"
import { plan } from "./migrate/plan.ts"
import { redo } from "./migrate/redo.ts"
import { repair } from "./migrate/repair.ts"
import { status } from "./migrate/status.ts"
import { up } from "./migrate/up.ts"
import { diagram } from "./schema/diagram.ts"
import { diff } from "./schema/diff.ts"
import { snapshot } from "./schema/snapshot.ts"
import { verify } from "./schema/verify.ts"

export const pgkeel = Command.make("pgkeel").pipe(
  Command.withDescription("PostgreSQL for Effect applications"),
  Command.withSubcommands([
    migrate.pipe(Command.withSubcommands([up, down, redo, status, plan, lint, newMigration, baseline, repair, adopt])),
    schema.pipe(Command.withSubcommands([snapshot, verify, diff, diagram]))
  ]),
  Command.withGlobalFlags([Json])
)
