/** Every policy with every reason in every phase: what is run again, and what never is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DatabaseError } from "../../src/error/DatabaseError.ts"
import { decide, type Rule, type Verdict } from "../../src/error/internal/retryRules.ts"
import * as Rules from "../../src/error/internal/retryRules.ts"
import type { Reason } from "../../src/error/Reason.ts"
import * as Retry from "../../src/error/Retry.ts"
import { Phase } from "../../src/error/RetryScope.ts"
import { bare } from "./samples.ts"

const rules: ReadonlyArray<Rule> = [
  Rules.transaction,
  Rules.session,
  Rules.idempotent,
  Rules.connection,
  Rules.statement
]
const phases = [undefined, ...Phase.literals]
const severities = [undefined, "ERROR", "FATAL", "PANIC"]

const variant = (reason: Reason, fields: object): Reason =>
  Reflect.construct(reason.constructor, [{ ...reason, ...fields }])

/** Each reason in each phase and with each severity. */
const variants = (reason: Reason): ReadonlyArray<Reason> =>
  phases.flatMap((phase) =>
    severities.map((severity) => variant(reason, severity === undefined ? { phase } : { phase, severity }))
  )

const singles = bare.filter(({ _tag }) => _tag !== "RetriesExhausted")

interface Case {
  readonly rule: Rule
  readonly reason: Reason
  readonly isTransactionOpen: boolean
  readonly verdict: Verdict
  readonly title: string
}

const cases: ReadonlyArray<Case> = rules.flatMap((rule) =>
  singles.flatMap(variants).flatMap((reason) =>
    [false, true].map((isTransactionOpen) => ({
      rule,
      reason,
      isTransactionOpen,
      verdict: decide(rule, reason, { isTransactionOpen, isPartlyApplied: false }),
      title: `${rule.name}: ${reason._tag} in ${reason.phase}, open: ${isTransactionOpen}`
    }))
  )
)

const again = cases.filter(({ verdict }) => verdict === "again")

/** What a policy without another attempt makes of a failure. */
const left = (policy: Retry.Policy, reason: Reason) =>
  Effect.map(Effect.flip(policy(Effect.fail(new DatabaseError({ reason })))), (error) => error.reason._tag)

describe("the rules of Retry", () => {
  it("are asked about everything", () => {
    assert.strictEqual(cases.length, rules.length * singles.length * phases.length * severities.length * 2)
    assert.isAbove(again.length, 500)
  })

  it("never run again what may have been applied", () => {
    for (const { reason, title } of again) assert.notStrictEqual(reason.retryScope, "unknown_outcome", title)
  })

  it("never run again what does not pass", () => {
    for (const { reason, title } of again) assert.isTrue(reason.transient, title)
  })

  it("never run a part of an open transaction again", () => {
    for (const { isTransactionOpen, reason, rule, title } of again) {
      if (rule.name !== "connection") assert.isFalse(isTransactionOpen, title)
      if (rule.name === "statement" || rule.name === "connection") {
        assert.notInclude(["transaction_open", "commit_sent"], reason.phase, title)
      }
    }
  })

  it("never run again what was partly applied, unless its author says that all of it may be", () => {
    for (const { reason, rule, title, verdict } of cases) {
      const applied = decide(rule, reason, { isTransactionOpen: false, isPartlyApplied: true })
      if (rule === Rules.idempotent) assert.notStrictEqual(applied, "applied", title)
      else assert.notStrictEqual(applied, "again", title)
      if (verdict === "again" && rule.always.includes(reason._tag)) {
        assert.strictEqual(applied, rule === Rules.idempotent ? "again" : "applied", title)
      }
    }
  })

  it("let nothing pass that they always run again, and let everything else pass at least once", () => {
    for (const rule of rules) {
      for (const { _tag } of singles) {
        const passes = cases.some(
          (found) => found.rule === rule && found.reason._tag === _tag && found.verdict === "pass"
        )
        assert.strictEqual(passes, !rule.always.includes(_tag), `${rule.name}: ${_tag}`)
      }
    }
  })

  it.effect("take from the error what the type says that they take", () =>
    Effect.gen(function* () {
      const policies: ReadonlyArray<readonly [ReadonlyArray<string>, Retry.Policy]> = [
        [Retry.alwaysRetried.transaction, Retry.transaction({ attempts: 1 })],
        [Retry.alwaysRetried.connection, Retry.connection({ attempts: 1 })],
        [Retry.alwaysRetried.statement, Retry.statement({ attempts: 1 })],
        [Retry.alwaysRetried.whenSafe, (effect) => Retry.whenSafe({ attempts: 1 })(Retry.wholeSession(effect))],
        [Retry.alwaysRetried.whenSafe, (effect) => Retry.whenSafe({ attempts: 1 })(Retry.idempotent(effect))]
      ]
      for (const [always, policy] of policies) {
        for (const reason of singles.filter(({ _tag }) => always.includes(_tag)).flatMap(variants)) {
          assert.include(["RetriesExhausted", "OutcomeUnknown"], yield* left(policy, reason), reason._tag)
        }
      }
    })
  )

  /**
   * Policies in the order of the columns: transaction, whenSafe of what is idempotent, connection, statement.
   * Phases in the order of the letters: unknown, connecting, idle, statement sent, transaction open, COMMIT sent.
   * R: run again, ?: told as an unknown outcome, T: left to the transaction around it, .: passed on.
   */
  const table = `
ConnectionRefused      -     RRR?R? RRR?R? RRR?T? RRR?T?
HostNotFound           -     RRR?R? RRR?R? RRR?T? RRR?T?
ConnectTimeout         -     RRR?R? RRR?R? RRR?T? RRR?T?
CircuitOpen            -     RRRRRR RRRRRR RRRRTT RRRRTT
ConnectionLost         -     .RR.R. RRR.R. .R.... .RR...
SerializationFailure   ERROR RRRRRR RRRRRR ...... .RRR..
SerializationFailure   FATAL RRR?R? RRR?R? ...... .RR...
DeadlockDetected       ERROR RRRRRR RRRRRR ...... .RRR..
LockNotAvailable       ERROR RRRRRR RRRRRR ...... .RRR..
StalePreparedStatement ERROR RRRRRR RRRRRR ...... RRRRTT
OutOfMemory            ERROR RRRRRR RRRRRR ...... .RRR..
OutOfMemory            FATAL RRR?R? RRR?R? ...... .RR...
TooManyConnections     FATAL RRR?R? RRR?R? RRR?T? RRR...
TooManyConnections     ERROR RRRRRR RRRRRR RRRRTT .RRR..
ServerStarting         FATAL RRR?R? RRR?R? RRR?T? RRR...
ServerShuttingDown     FATAL .RR.R. RRR.R. .R.... .RR...
ServerCrashed          FATAL .RR.R. RRR.R. .R.... .RR...
ReadOnlyServer         ERROR RRRRRR RRRRRR ...... .RRR..
PoolExhausted          -     RRRRRR RRRRRR ...... RRRRTT
`
    .trim()
    .split("\n")
    .map((line) => line.split(/ +/u))

  it("never run again a reason that is not in this table", () => {
    const listed = new Set(table.map(([tag]) => tag))
    const others = cases.filter(({ reason, verdict }) => verdict !== "pass" && !listed.has(reason._tag))
    assert.deepStrictEqual(
      others.map(({ title }) => title),
      []
    )
  })

  const letters: { readonly [K in Verdict]: string } = { again: "R", applied: "A", unknown: "?", part: "T", pass: "." }

  it.each(table)("%s with severity %s", (tag, severity, ...columns) => {
    const reason = singles.find(({ _tag }) => _tag === tag)
    if (reason === undefined) return assert.fail("there is no such reason")
    const found = rules
      .filter((rule) => rule !== Rules.session)
      .map((rule) =>
        phases
          .map((phase) => letters[decide(rule, variant(reason, severity === "-" ? { phase } : { phase, severity }))])
          .join("")
      )
    assert.deepStrictEqual(found, columns)
  })
})
