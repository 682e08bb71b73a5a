/** The rules about locks, scans, rewrites and transactions. */
import type { Rule } from "./rule.ts"
import { attachPartition } from "./rules/attachPartition.ts"
import { checkValidation } from "./rules/checkValidation.ts"
import { columnType } from "./rules/columnType.ts"
import { concurrentDetach } from "./rules/concurrentDetach.ts"
import { concurrentIndex } from "./rules/concurrentIndex.ts"
import { concurrentIndexDrop } from "./rules/concurrentIndexDrop.ts"
import { concurrentRefresh } from "./rules/concurrentRefresh.ts"
import { concurrentReindex } from "./rules/concurrentReindex.ts"
import { domainColumn } from "./rules/domainColumn.ts"
import { domainConstraint } from "./rules/domainConstraint.ts"
import { exclusionConstraint } from "./rules/exclusionConstraint.ts"
import { foreignKeyValidation } from "./rules/foreignKeyValidation.ts"
import { implicitNoTransaction } from "./rules/implicitNoTransaction.ts"
import { lockTable } from "./rules/lockTable.ts"
import { lockTimeout } from "./rules/lockTimeout.ts"
import { serialColumn } from "./rules/serialColumn.ts"
import { setNotNull } from "./rules/setNotNull.ts"
import { severalLocks } from "./rules/severalLocks.ts"
import { storedGeneratedColumn } from "./rules/storedGeneratedColumn.ts"
import { tableRewrite } from "./rules/tableRewrite.ts"
import { truncate } from "./rules/truncate.ts"
import { uniqueConstraint } from "./rules/uniqueConstraint.ts"
import { updateAllRows } from "./rules/updateAllRows.ts"
import { vacuumFull } from "./rules/vacuumFull.ts"
import { validateInTransaction } from "./rules/validateInTransaction.ts"
import { volatileDefault } from "./rules/volatileDefault.ts"
import { workBehindLock } from "./rules/workBehindLock.ts"

export const lockRules: ReadonlyArray<Rule> = [
  concurrentIndex,
  concurrentIndexDrop,
  concurrentReindex,
  concurrentRefresh,
  concurrentDetach,
  attachPartition,
  volatileDefault,
  serialColumn,
  storedGeneratedColumn,
  columnType,
  setNotNull,
  foreignKeyValidation,
  checkValidation,
  domainConstraint,
  domainColumn,
  validateInTransaction,
  uniqueConstraint,
  exclusionConstraint,
  tableRewrite,
  vacuumFull,
  truncate,
  lockTable,
  severalLocks,
  workBehindLock,
  lockTimeout,
  updateAllRows,
  implicitNoTransaction
]
