/**
 * The lock of each command of ALTER TABLE, as the server's own
 * `AlterTableGetLockLevel` has it. What is not here takes ACCESS EXCLUSIVE.
 */
import type { AlterTableCmd } from "libpg-query"
import { columnOf, constraintOf, constraintsOf, optionsIn, partitionOf } from "./nodes.ts"
import type { LockMode, Taken } from "./lockModes.ts"

const weaker: Readonly<Record<string, LockMode>> = {
  AT_AttachPartition: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DetachPartitionFinalize: "SHARE UPDATE EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE"
}

export const modeOf = (command: AlterTableCmd): LockMode => {
  const { subtype = "AT_AddColumn" } = command
  if (subtype === "AT_AddConstraint" && constraintOf(command)?.contype === "CONSTR_FOREIGN")
    return "SHARE ROW EXCLUSIVE"
  if (subtype === "AT_DetachPartition" && partitionOf(command)?.concurrent === true) return "SHARE UPDATE EXCLUSIVE"
  if (subtype === "AT_SetRelOptions" || subtype === "AT_ResetRelOptions") return parameterMode(command)
  return weaker[subtype] ?? "ACCESS EXCLUSIVE"
}

/** Of storage parameters: PostgreSQL manual, "ALTER TABLE", SET ( storage_parameter ). */
const parameterMode = (command: AlterTableCmd): LockMode =>
  [...optionsIn(command).keys()].every((name) => gentle.test(name)) ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"

const gentle =
  /^(?:fillfactor|parallel_workers|toast_tuple_target|log_autovacuum_min_duration|vacuum_\w+|autovacuum_\w+)$/u

/** The other tables that a command locks, and how. */
export const othersOf = (command: AlterTableCmd): ReadonlyArray<Taken> => {
  const { def, subtype } = command
  const partition = partitionOf(command)?.name
  // DETACH ... CONCURRENTLY takes it too, in its second transaction.
  if (partition !== undefined) return [{ relation: partition, mode: "ACCESS EXCLUSIVE" }]
  if ((subtype === "AT_AddInherit" || subtype === "AT_DropInherit") && def !== undefined && "RangeVar" in def) {
    return [{ relation: def.RangeVar, mode: subtype === "AT_AddInherit" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS SHARE" }]
  }
  const constraints = [constraintOf(command), ...constraintsOf(columnOf(command))]
  const referenced = constraints.flatMap((constraint) => constraint?.pktable ?? [])
  return referenced.map((relation) => ({ relation, mode: "SHARE ROW EXCLUSIVE" }))
}
