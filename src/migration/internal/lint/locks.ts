/**
 * Which locks a statement takes on relations that were there before its migration,
 * told from its parse tree. What it does through a function, a trigger, a view or
 * a partition is not seen. Where nothing is known of a table, the most expensive
 * course is assumed.
 */
import type { Node } from "libpg-query"
import { modeOf, othersOf } from "./alterTableLocks.ts"
import { dataLocks } from "./dataLocks.ts"
import { dropLocks, ownerOf, referencedBy } from "./dropLocks.ts"
import { isAtLeast, type Lock, type LockMode, lockModes, type Taken } from "./lockModes.ts"
import { nameOf, objectName, relationOf } from "./names.ts"
import { isOn, optionsOf } from "../statementOptions.ts"
import {
  alteredConstraint,
  type Command,
  commandsIn,
  isForeign,
  nodesIn,
  type Of,
  partitionOf,
  relationsIn
} from "./nodes.ts"
import { isReady } from "./proofs.ts"
import { checksKey, isParentAlone, rewrites, scans } from "./rewrites.ts"
import type { LintContext, LintStatement } from "./rule.ts"

/** One a relation, the strongest. */
export const locksOf = (statement: LintStatement, context: LintContext): ReadonlyArray<Lock> => [
  ...lockedBy(statement, context).values()
]

/** By the keys of the relations. */
export const lockedBy = (statement: LintStatement, context: LintContext): ReadonlyMap<string, Lock> => {
  const locks = new Map<string, Lock>()
  for (const { mode, relation, rewrites = false, scans = false } of takenBy(statement, context)) {
    if (relation === undefined || context.isNew(relation)) continue
    const key = context.keyOf(relation)
    const before = locks.get(key)
    const stronger = before === undefined || isAtLeast(mode, before.mode) ? mode : before.mode
    locks.set(key, {
      relation: before?.relation ?? nameOf(relation),
      mode: stronger,
      rewrites: rewrites || before?.rewrites === true,
      scans: scans || rewrites || before?.scans === true
    })
  }
  return locks
}

const takenBy = (statement: LintStatement, context: LintContext): ReadonlyArray<Taken> => {
  const { node, text } = statement
  if ("AlterTableStmt" in node)
    return commandsIn(node.AlterTableStmt, text).flatMap((command) => ofCommand(command, statement, context))
  if ("CreateStmt" in node) return ofCreate(node.CreateStmt)
  if ("DropStmt" in node) return dropLocks(node.DropStmt, context)
  if ("RenameStmt" in node) return ofRename(node.RenameStmt)
  if ("CommentStmt" in node) return ofComment(node.CommentStmt)
  return [...ofMaintenance(node, context), ...ofTableObjects(node), ...dataLocks(node)]
}

const ofCommand = (command: Command, statement: LintStatement, context: LintContext): ReadonlyArray<Taken> => {
  const { body, relation } = command
  if (isForeign(statement)) return [{ relation, mode: modeOf(body) }]
  const own = {
    relation,
    mode: modeOf(body),
    rewrites: rewrites(command, context),
    scans: scans(command, statement, context)
  }
  // A partition is read, and not the table that it becomes one of; both tables of a foreign key are.
  const readsOther = attaches(command, context) || checksKey(body)
  const others = othersOf(body).map((other) => ({ ...other, scans: readsOther }))
  return [own, ...others, ...ofKey(command, context)]
}

/** The tables that a foreign key points at, which is dropped, or enforced from here on or no more. */
const ofKey = ({ body, relation }: Command, context: LintContext): ReadonlyArray<Taken> => {
  if (body.subtype === "AT_DropConstraint") return referencedBy(relation, context, body.name)
  const { alterEnforceability, conname } = alteredConstraint(body) ?? {}
  if (alterEnforceability !== true) return []
  const referenced = referencedBy(relation, context, conname)
  return checksKey(body)
    ? referenced.map((taken) => ({ ...taken, mode: "SHARE ROW EXCLUSIVE", scans: true }))
    : referenced
}

/** Whether a partition is attached that has to be read before. An index has no bounds, and is not read. */
const attaches = ({ body, relation }: Command, context: LintContext): boolean => {
  const { bound, name } = partitionOf(body) ?? {}
  return body.subtype === "AT_AttachPartition" && bound !== undefined && !isReady(context, relation, name, bound)
}

const ofCreate = (node: Of<"CreateStmt">): ReadonlyArray<Taken> => {
  const { inhRelations, partbound } = node
  const referenced = nodesIn(node, "Constraint").flatMap(({ pktable }) => pktable ?? [])
  const models = nodesIn(node.tableElts, "TableLikeClause").flatMap(({ relation }) => relation ?? [])
  return [
    ...locked(inhRelations, partbound === undefined ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"),
    ...referenced.map((relation) => ({ relation, mode: "SHARE ROW EXCLUSIVE" as const })),
    ...models.map((relation) => ({ relation, mode: "ACCESS SHARE" as const }))
  ]
}

const ofRename = ({ relation, renameType }: Of<"RenameStmt">): ReadonlyArray<Taken> => [
  { relation, mode: renameType === "OBJECT_INDEX" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE" }
]

/** Of what belongs to a table, the table is locked. */
const ofComment = ({ object, objtype }: Of<"CommentStmt">): ReadonlyArray<Taken> => {
  const parts = objectName(object)
  const mode = "SHARE UPDATE EXCLUSIVE"
  if (
    objtype === "OBJECT_TABLE" ||
    objtype === "OBJECT_VIEW" ||
    objtype === "OBJECT_MATVIEW" ||
    objtype === "OBJECT_INDEX"
  ) {
    return [{ relation: relationOf(parts), mode }]
  }
  return objtype === "OBJECT_COLUMN" ? [{ relation: relationOf(parts.slice(0, -1)), mode }] : []
}

/** Statements that work through whole tables. */
const ofMaintenance = (node: Node, context: LintContext): ReadonlyArray<Taken> => {
  if ("IndexStmt" in node) {
    const { concurrent, relation } = node.IndexStmt
    const mode = concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "SHARE"
    return [{ relation, mode, scans: !isParentAlone(context, relation) }]
  }
  if ("ReindexStmt" in node) return ofReindex(node.ReindexStmt, context)
  if ("ClusterStmt" in node) return [{ relation: node.ClusterStmt.relation, mode: "ACCESS EXCLUSIVE", rewrites: true }]
  if ("VacuumStmt" in node) return ofVacuum(node.VacuumStmt)
  if ("RefreshMatViewStmt" in node) {
    const { concurrent, relation } = node.RefreshMatViewStmt
    return [
      concurrent === true
        ? { relation, mode: "EXCLUSIVE", scans: true }
        : { relation, mode: "ACCESS EXCLUSIVE", rewrites: true }
    ]
  }
  if ("AlterSeqStmt" in node) return [{ relation: node.AlterSeqStmt.sequence, mode: "SHARE ROW EXCLUSIVE" }]
  if ("TruncateStmt" in node) return locked(node.TruncateStmt.relations, "ACCESS EXCLUSIVE")
  if ("LockStmt" in node) {
    return locked(
      node.LockStmt.relations,
      lockModes[(node.LockStmt.mode ?? lockModes.length) - 1] ?? "ACCESS EXCLUSIVE"
    )
  }
  return []
}

const locked = (nodes: ReadonlyArray<Node> | undefined, mode: LockMode): ReadonlyArray<Taken> =>
  relationsIn(nodes).map((relation) => ({ relation, mode }))

const ofReindex = ({ kind, params, relation }: Of<"ReindexStmt">, context: LintContext): ReadonlyArray<Taken> => {
  const concurrently = isOn(optionsOf(params).get("concurrently"))
  const table = { mode: concurrently ? ("SHARE UPDATE EXCLUSIVE" as const) : ("SHARE" as const), scans: true }
  if (kind !== "REINDEX_OBJECT_INDEX") return [{ relation, ...table }]
  const owner = ownerOf(relation, context)
  const index = { relation, mode: concurrently ? ("SHARE UPDATE EXCLUSIVE" as const) : ("ACCESS EXCLUSIVE" as const) }
  return owner === undefined ? [index] : [index, { relation: owner, ...table }]
}

const ofVacuum = ({ is_vacuumcmd = false, options, rels = [] }: Of<"VacuumStmt">): ReadonlyArray<Taken> => {
  const full = isOn(optionsOf(options).get("full"))
  return nodesIn(rels, "VacuumRelation").map(({ relation }) =>
    full
      ? { relation, mode: "ACCESS EXCLUSIVE", rewrites: true }
      : { relation, mode: "SHARE UPDATE EXCLUSIVE", scans: is_vacuumcmd }
  )
}

/** Statements about what belongs to a table. */
const ofTableObjects = (node: Node): ReadonlyArray<Taken> => {
  if ("CreateTrigStmt" in node) {
    const { constrrel, relation } = node.CreateTrigStmt
    return [
      { relation, mode: "SHARE ROW EXCLUSIVE" },
      { relation: constrrel, mode: "ACCESS SHARE" }
    ]
  }
  if ("RuleStmt" in node) return [{ relation: node.RuleStmt.relation, mode: "ACCESS EXCLUSIVE" }]
  if ("CreatePolicyStmt" in node) return [{ relation: node.CreatePolicyStmt.table, mode: "ACCESS EXCLUSIVE" }]
  if ("AlterPolicyStmt" in node) return [{ relation: node.AlterPolicyStmt.table, mode: "ACCESS EXCLUSIVE" }]
  if ("AlterObjectSchemaStmt" in node)
    return [{ relation: node.AlterObjectSchemaStmt.relation, mode: "ACCESS EXCLUSIVE" }]
  if ("CreateStatsStmt" in node) return locked(node.CreateStatsStmt.relations, "SHARE UPDATE EXCLUSIVE")
  if ("ViewStmt" in node && node.ViewStmt.replace === true)
    return [{ relation: node.ViewStmt.view, mode: "ACCESS EXCLUSIVE" }]
  return []
}
