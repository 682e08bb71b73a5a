/** One of each reason: with every field that it has, and with none that it can do without. */
import * as Reason from "../../src/error/Reason.ts"

const everything: Readonly<Record<string, unknown>> = {
  sqlState: "23505",
  severity: "ERROR",
  serverMessage: "said",
  detail: "Key (a)=(1) already exists.",
  hint: "try",
  schema: "app",
  table: "users",
  column: "email",
  dataType: "mood",
  constraint: "users_key",
  position: 7,
  internalQuery: "SELECT nothing",
  internalPosition: 8,
  where: "PL/pgSQL function f()",
  routine: "_bt_check_unique",
  statement: "INSERT INTO users VALUES ($1)",
  phase: "transaction_open",
  columns: ["a", "b"],
  systemCode: "ECONNREFUSED",
  failure: "refused",
  host: "db",
  port: 5432,
  waitedMillis: 10,
  max: 2,
  holders: [{ holder: "job", kind: "session", heldMillis: 3 }],
  transactionId: "771",
  retryAfterMillis: 500,
  version: "9.6",
  oldest: "14",
  attempts: [{ reason: "DeadlockDetected", message: "gave way", delayMillis: 12 }],
  last: new Reason.DeadlockDetected({ serverMessage: "deadlock detected" })
}

const required = ["waitedMillis", "max", "holders", "retryAfterMillis", "version", "oldest", "attempts", "last"]

type Member = (typeof Reason.Reason.members)[number]

const make = (member: Member, keys: ReadonlyArray<string>): Reason.Reason =>
  Reflect.construct(member, [Object.fromEntries(keys.map((key) => [key, everything[key]]))])

const keysOf = (member: Member) => Object.keys(member.fields).filter((key) => key !== "_tag")

export const full = Reason.Reason.members.map((member) => make(member, keysOf(member)))

export const bare = Reason.Reason.members.map((member) =>
  make(
    member,
    keysOf(member).filter((key) => required.includes(key))
  )
)
