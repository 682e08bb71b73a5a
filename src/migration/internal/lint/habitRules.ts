/** What works today and is regretted later: types, keys, privileges, names. */
import type { Rule } from "./rule.ts"
import { noChar } from "./rules/noChar.ts"
import { noJson } from "./rules/noJson.ts"
import { noMoney } from "./rules/noMoney.ts"
import { noSerial } from "./rules/noSerial.ts"
import { noTimestamp } from "./rules/noTimestamp.ts"
import { noTimetz } from "./rules/noTimetz.ts"
import { noVarchar } from "./rules/noVarchar.ts"
import { smallKey } from "./rules/smallKey.ts"

export const habitRules: ReadonlyArray<Rule> = [
  noChar,
  noVarchar,
  noTimestamp,
  noTimetz,
  noMoney,
  noJson,
  noSerial,
  smallKey
]
