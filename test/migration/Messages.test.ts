/** What a failure says to whoever has to do something about it: the parts that tests of its cause do not look at. */
import { assert, describe, it } from "@effect/vitest"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { ConnectionLost } from "../../src/error/Reason.ts"
import * as Reason from "../../src/migration/MigrationErrorReason.ts"

const subject = { namespace: "app", id: "2", name: "b", file: "2_b.up.sql" }
const lost = new DatabaseError({ reason: new ConnectionLost({ phase: "commit_sent", failure: "closed" }) })
const refused = new DatabaseError({ reason: new ConnectionLost({ phase: "transaction_open", failure: "closed" }) })
const somewhere = new DatabaseError({ reason: new ConnectionLost({ failure: "closed" }) })
const statement = { ...subject, direction: "up", statement: 1, line: 1, column: 1 } as const
const hook = { direction: "up", transaction: true, cause: new Error("no") } as const
const stopped = { namespace: "app", id: "2", name: "b", marked: false }

const messages: ReadonlyArray<readonly [reason: { readonly message: string }, says: string | RegExp]> = [
  [
    new Reason.StatementFailed({ ...statement, transaction: true, cause: lost }),
    /its COMMIT was on its way: the history tells, and `pgkeel migrate up` looks there, so run it again$/
  ],
  [new Reason.StatementFailed({ ...statement, transaction: true, cause: somewhere }), /its COMMIT was on its way/],
  [
    new Reason.StatementFailed({ ...statement, direction: "down", transaction: true, cause: lost }),
    /its COMMIT was on its way: `pgkeel migrate status` tells .*; only then run `pgkeel migrate down --namespace app`$/
  ],
  [
    new Reason.StatementFailed({ ...statement, direction: "down", transaction: true, cause: refused }),
    /it was rolled back, correct it and run `pgkeel migrate down --namespace app` again$/
  ],
  [
    new Reason.EffectFailed({ ...subject, direction: "up", transaction: true, cause: lost }),
    /its COMMIT was on its way: the history tells, and `pgkeel migrate up` looks there, so run it again$/
  ],
  [
    new Reason.EffectFailed({ ...subject, direction: "up", transaction: true, cause: somewhere }),
    /it was rolled back, correct it and run `pgkeel migrate up` again$/
  ],
  [
    new Reason.StatementFailed({ ...statement, transaction: true, cause: refused }),
    /it was rolled back, correct it and run `pgkeel migrate up` again$/
  ],
  [
    new Reason.StatementFailed({ ...statement, transaction: false, cause: refused }),
    /it has no transaction, and nothing was changed, correct it and run/
  ],
  [
    new Reason.StatementFailed({ ...statement, statement: 2, transaction: false, cause: refused }),
    /it has no transaction: what stands before that statement stays, and is not run again, correct it/
  ],
  [
    new Reason.HookFailed({ ...hook, hook: "beforeAll" }),
    /^the hook beforeAll failed: no; nothing was run; correct it/
  ],
  [
    new Reason.HookFailed({ ...hook, hook: "beforeEach", file: "2_b.up.sql", namespace: "app" }),
    /^the hook beforeEach of migration 2_b\.up\.sql \(app\) failed: no; the migration was not run; correct it/
  ],
  [new Reason.HookFailed({ ...hook, hook: "afterEach" }), /the migration was rolled back; correct it/],
  [
    new Reason.HookFailed({ ...hook, hook: "afterEach", transaction: false }),
    /the migration has no transaction: what it did stays; correct it/
  ],
  [
    new Reason.HookFailed({ ...hook, hook: "afterAll" }),
    /the migrations of the run stay; correct it, and do by hand what it should have done: no run repeats it$/
  ],
  [
    new Reason.HalfDone({ ...stopped, direction: "up" }),
    /was applied in part, and nothing was reverted, because it would be left as it is: finish it with `pgkeel migrate up`/
  ],
  [
    new Reason.HalfDone({ ...stopped, direction: "down" }),
    /nothing is to be applied on what is left of it: go on with `pgkeel migrate down --namespace app`, .* `pgkeel migrate repair 2 --namespace app --half-done` with/
  ],
  [
    new Reason.HalfDone({ ...stopped, direction: "up", marked: true }),
    /would be marked as if it were all there; nothing was changed: finish it/
  ],
  [
    new Reason.EmptyMigration(subject),
    "migration 2_b.up.sql (app) has no statement: the file is empty, or has only comments; nothing was run, " +
      "write the statement or delete the file"
  ],
  [
    new Reason.Duplicate({ namespace: "app", id: "2", files: ["2_b.up.sql", "02_c.ts"] }),
    "2_b.up.sql and 02_c.ts (app) have the same id 2: give all but one a new id"
  ],
  [
    new Reason.DownMissing({ migrations: ["2_b.up.sql (app)"] }),
    "2_b.up.sql (app) cannot be reverted because there is no down; nothing was reverted: write the down, or revert by " +
      "a new migration"
  ],
  [
    new Reason.NameMismatch({ ...subject, appliedName: "a", contents: "unknown" }),
    /under the name "a", and 2_b\.up\.sql has the same id; give the file its old name, or, if .* a new id$/
  ],
  [
    new Reason.NameMismatch({ ...subject, namespace: "it's", appliedName: "a", contents: "same" }),
    /accept the new one with `pgkeel migrate repair 2 --namespace 'it'\\''s'`$/
  ],
  [
    new Reason.RoleRefused({ role: "owner", exists: true }),
    /this login is no member of it; nothing was changed: grant "owner" to the login, or give another role$/
  ],
  [
    new Reason.RoleRefused({ role: "owner", exists: false }),
    /the server has no such role; nothing was changed: create it, or give another role$/
  ],
  [
    new Reason.LockLost({ problem: "the session that should free it does not hold it" }),
    /^the migration lock was lost: the session .* hold it; what the history calls applied is applied\. Behind a pooler/
  ],
  [
    new Reason.UnknownRule({ rule: "no-such", advice: undefined }),
    "lint has no rule no-such, which its option off names; take it out"
  ]
]

describe("A migration's failure", () => {
  for (const [reason, says] of messages) {
    it(`says: ${reason.message}`, () =>
      typeof says === "string" ? assert.strictEqual(reason.message, says) : assert.match(reason.message, says))
  }
})
