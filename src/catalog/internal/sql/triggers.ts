/** What acts on a table: triggers, rules and policies, each sorted by name. */
import { flag, gathered, names, object, text, word } from "./json.ts"
import { joinComment, role } from "./scope.ts"

const firings = { D: "disabled", R: "replica", A: "always" }

const trigger = object({
  name: text("t.tgname"),
  definition: text("pg_catalog.pg_get_triggerdef(t.oid)"),
  firing: word("t.tgenabled", firings),
  inherited: flag("t.tgparentid <> '0'"),
  comment: text("d.description")
})

/** A partition's copy of a trigger is of interest only where it was switched on or off by itself. */
export const triggers = gathered(
  "t.tgrelid",
  trigger,
  "t.tgname",
  `pg_catalog.pg_trigger t
  LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid
  ${joinComment("d", "pg_trigger", "t.oid")}
  WHERE NOT t.tgisinternal AND t.tgparentid = '0' OR t.tgparentid <> '0' AND t.tgenabled <> p.tgenabled`
)

const rule = object({
  name: text("w.rulename"),
  definition: text("pg_catalog.pg_get_ruledef(w.oid)"),
  firing: word("w.ev_enabled", firings),
  comment: text("d.description")
})

/** The rule that makes a view is the view's definition. */
export const rules = gathered(
  "w.ev_class",
  rule,
  "w.rulename",
  `pg_catalog.pg_rewrite w ${joinComment("d", "pg_rewrite", "w.oid")} WHERE w.rulename <> '_RETURN'`
)

const commands = { "*": "all", r: "select", a: "insert", w: "update", d: "delete" }

const roles = `(SELECT pg_catalog.array_agg(${role("u.o")} ORDER BY ${role("u.o")} COLLATE "C") FROM pg_catalog.unnest(y.polroles) u(o))`

const policy = object({
  name: text("y.polname"),
  command: word("y.polcmd", commands),
  restrictive: flag("NOT y.polpermissive"),
  roles: names(roles),
  using: text("pg_catalog.pg_get_expr(y.polqual, y.polrelid)"),
  check: text("pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid)"),
  comment: text("d.description")
})

export const policies = gathered(
  "y.polrelid",
  policy,
  "y.polname",
  `pg_catalog.pg_policy y ${joinComment("d", "pg_policy", "y.oid")}`
)
