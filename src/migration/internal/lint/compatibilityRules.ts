/** What breaks, or opens to everybody, an application that runs while the migration does, and until it is released anew. */
import type { Rule } from "./rule.ts"
import { addRequiredColumn } from "./rules/addRequiredColumn.ts"
import { cascade } from "./rules/cascade.ts"
import { changeFunctionSignature } from "./rules/changeFunctionSignature.ts"
import { disableRls } from "./rules/disableRls.ts"
import { disableTrigger } from "./rules/disableTrigger.ts"
import { dropColumn } from "./rules/dropColumn.ts"
import { dropDatabase } from "./rules/dropDatabase.ts"
import { dropDefault } from "./rules/dropDefault.ts"
import { dropNotNull } from "./rules/dropNotNull.ts"
import { dropObject } from "./rules/dropObject.ts"
import { dropPolicy } from "./rules/dropPolicy.ts"
import { dropRole } from "./rules/dropRole.ts"
import { dropSchema } from "./rules/dropSchema.ts"
import { dropTable } from "./rules/dropTable.ts"
import { dropUnique } from "./rules/dropUnique.ts"
import { dropView } from "./rules/dropView.ts"
import { identityAlways } from "./rules/identityAlways.ts"
import { moveSchema } from "./rules/moveSchema.ts"
import { nullablePrimaryKey } from "./rules/nullablePrimaryKey.ts"
import { policyWithoutRls } from "./rules/policyWithoutRls.ts"
import { renameColumn } from "./rules/renameColumn.ts"
import { renameConstraint } from "./rules/renameConstraint.ts"
import { renameEnumValue } from "./rules/renameEnumValue.ts"
import { renameObject } from "./rules/renameObject.ts"
import { renameSchema } from "./rules/renameSchema.ts"
import { renameTable } from "./rules/renameTable.ts"
import { restartSequence } from "./rules/restartSequence.ts"
import { revoke } from "./rules/revoke.ts"
import { rlsWithoutPolicy } from "./rules/rlsWithoutPolicy.ts"

export const compatibilityRules: ReadonlyArray<Rule> = [
  renameColumn,
  renameTable,
  renameSchema,
  renameObject,
  renameConstraint,
  renameEnumValue,
  moveSchema,
  dropColumn,
  dropTable,
  dropView,
  dropSchema,
  dropObject,
  dropDatabase,
  dropRole,
  cascade,
  addRequiredColumn,
  dropDefault,
  dropNotNull,
  identityAlways,
  nullablePrimaryKey,
  dropUnique,
  changeFunctionSignature,
  disableTrigger,
  disableRls,
  rlsWithoutPolicy,
  policyWithoutRls,
  dropPolicy,
  revoke,
  restartSequence
]
