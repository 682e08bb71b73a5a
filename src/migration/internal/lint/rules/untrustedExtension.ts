import { advice } from "../fixes.ts"
import { spell } from "../names.ts"
import type { Rule } from "../rule.ts"

export const untrustedExtension: Rule = {
  name: "untrusted-extension",
  reason:
    "Only a superuser creates an extension that is not trusted: with the migrator's login the migration fails, and everything behind it waits.",
  check: ({ node }) => {
    if (!("CreateExtensionStmt" in node)) return []
    const { extname = "" } = node.CreateExtensionStmt
    if (trusted.has(extname)) return []
    return [
      {
        message: `the extension ${spell(extname)} needs a superuser`,
        fix: advice(
          `name ${spell(extname)} among the extensions of the provisioner, which has administrator's rights, and remove it here`
        )
      }
    ]
  }
}

/** What a role with CREATE on the database may create: `trusted = true` in the control files of PostgreSQL 14 to 18. */
const trusted = new Set([
  "bool_plperl",
  "btree_gin",
  "btree_gist",
  "citext",
  "cube",
  "dict_int",
  "fuzzystrmatch",
  "hstore",
  "intarray",
  "isn",
  "jsonb_plperl",
  "lo",
  "ltree",
  "pg_trgm",
  "pgcrypto",
  "plperl",
  "plpgsql",
  "pltcl",
  "seg",
  "tablefunc",
  "tcn",
  "tsm_system_rows",
  "tsm_system_time",
  "unaccent",
  "uuid-ossp"
])
