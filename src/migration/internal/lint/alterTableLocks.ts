/**
 * The lock of each command of ALTER TABLE, as the server's own
 * `AlterTableGetLockLevel` has it. What is not here takes ACCESS EXCLUSIVE.
 */
import type { AlterTableCmd, RangeVar } from "libpg-query"
import { columnOf, constraintOf, constraintsOf, optionsOf } from "./nodes.ts"
import type { LockMode } from "./lockModes.ts"

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
  const { def, subtype = "AT_AddColumn" } = command
  if (subtype === "AT_AddConstraint" && constraintOf(command)?.contype === "CONSTR_FOREIGN")
    return "SHARE ROW EXCLUSIVE"
  if (
    subtype === "AT_DetachPartition" &&
    def !== undefined &&
    "PartitionCmd" in def &&
    def.PartitionCmd.concurrent === true
  ) {
    return "SHARE UPDATE EXCLUSIVE"
  }
  if (subtype === "AT_SetRelOptions" || subtype === "AT_ResetRelOptions") return parameterMode(command)
  return weaker[subtype] ?? "ACCESS EXCLUSIVE"
}

/** Of storage parameters: PostgreSQL manual, "ALTER TABLE", SET ( storage_parameter ). */
const parameterMode = ({ def }: AlterTableCmd): LockMode => {
  const names = def !== undefined && "List" in def ? [...optionsOf(def.List.items).keys()] : []
  return names.every((name) => gentle.test(name)) ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"
}

const gentle =
  /^(?:fillfactor|parallel_workers|toast_tuple_target|log_autovacuum_min_duration|vacuum_\w+|autovacuum_\w+)$/u

/** The other tables that a command locks, and how. */
export const othersOf = (
  command: AlterTableCmd
): ReadonlyArray<{ readonly relation: RangeVar; readonly mode: LockMode }> => {
  const { def, subtype } = command
  const constraints = [constraintOf(command), ...constraintsOf(columnOf(command))]
  const referenced = constraints.flatMap((constraint) => constraint?.pktable ?? [])
  const own = referenced.map((relation) => ({ relation, mode: "SHARE ROW EXCLUSIVE" as const }))
  if (def !== undefined && "PartitionCmd" in def && def.PartitionCmd.name !== undefined) {
    // DETACH ... CONCURRENTLY takes it too, in its second transaction.
    return [{ relation: def.PartitionCmd.name, mode: "ACCESS EXCLUSIVE" }]
  }
  if ((subtype === "AT_AddInherit" || subtype === "AT_DropInherit") && def !== undefined && "RangeVar" in def) {
    return [{ relation: def.RangeVar, mode: subtype === "AT_AddInherit" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS SHARE" }]
  }
  return own
}
