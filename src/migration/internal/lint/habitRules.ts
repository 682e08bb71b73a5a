/** What works today and is regretted later: types, keys, privileges, names. */
import type { Rule } from "./rule.ts"
import { definerSearchPath } from "./rules/definerSearchPath.ts"
import { duplicateColumn } from "./rules/duplicateColumn.ts"
import { enumOrder } from "./rules/enumOrder.ts"
import { enumValueUsed } from "./rules/enumValueUsed.ts"
import { foreignKeyIndex } from "./rules/foreignKeyIndex.ts"
import { grantToPublic } from "./rules/grantToPublic.ts"
import { indexCorruption } from "./rules/indexCorruption.ts"
import { longName } from "./rules/longName.ts"
import { noChar } from "./rules/noChar.ts"
import { noInherits } from "./rules/noInherits.ts"
import { noJson } from "./rules/noJson.ts"
import { noMoney } from "./rules/noMoney.ts"
import { noRule } from "./rules/noRule.ts"
import { noSerial } from "./rules/noSerial.ts"
import { noTimestamp } from "./rules/noTimestamp.ts"
import { noTimetz } from "./rules/noTimetz.ts"
import { noVarchar } from "./rules/noVarchar.ts"
import { plainPassword } from "./rules/plainPassword.ts"
import { serverFile } from "./rules/serverFile.ts"
import { serverSettings } from "./rules/serverSettings.ts"
import { smallKey } from "./rules/smallKey.ts"
import { unloggedTable } from "./rules/unloggedTable.ts"
import { unseenStatement } from "./rules/unseenStatement.ts"
import { untrustedExtension } from "./rules/untrustedExtension.ts"
import { wideIndex } from "./rules/wideIndex.ts"

export const habitRules: ReadonlyArray<Rule> = [
  noChar,
  noVarchar,
  noTimestamp,
  noTimetz,
  noMoney,
  noJson,
  noSerial,
  smallKey,
  enumOrder,
  enumValueUsed,
  foreignKeyIndex,
  wideIndex,
  indexCorruption,
  duplicateColumn,
  longName,
  noRule,
  noInherits,
  unloggedTable,
  grantToPublic,
  definerSearchPath,
  plainPassword,
  untrustedExtension,
  serverSettings,
  serverFile,
  unseenStatement
]
