/** Who has a connection, in words for a person who looks for the one that does not let go. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"
import type { Settings } from "../../config/Settings.ts"
import { PoolExhausted } from "../../error/Reason.ts"
import type { ActiveConnection } from "../PoolStatus.ts"
import { TransactionContext } from "../TransactionContext.ts"
import { Lease } from "./lease.ts"
import type { Slot } from "./slot.ts"

const longestStatement = 80

/** The beginning of a statement on one line; a password clause is left out, since it may hold a verifier. */
const shorten = (statement: string): string => {
  const line = statement
    .replace(/\s+/g, " ")
    .replace(/(password\s+)\S.*/i, "$1...")
    .trim()
  return line.length > longestStatement ? `${line.slice(0, longestStatement - 3)}...` : line
}

const spanName = (fiber: Fiber.Fiber<unknown, unknown> | undefined): string | undefined => {
  const span = fiber && Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  return span?._tag === "Span" ? span.name : undefined
}

/** The name under which a fiber takes a connection: what its session calls itself, else its span. */
export const holderOf = (fiber: Fiber.Fiber<unknown, unknown>): string | undefined => {
  const { label, taken } = Context.get(fiber.context, TransactionContext)
  return taken || label === undefined ? spanName(fiber) : label
}

/** What somebody fails with who has waited for one of them in vain. */
export const exhaustedBy = (
  active: ReadonlyArray<ActiveConnection>,
  { acquireTimeout, maxConnections }: Settings
): PoolExhausted =>
  new PoolExhausted({
    waitedMillis: Duration.toMillis(acquireTimeout),
    max: maxConnections,
    holders: active.map(({ heldMillis, holder, kind }) => ({ holder, kind, heldMillis }))
  })

/** Connections that are lent to a statement now, and leased ones. */
export const describeUses = (slots: Iterable<Slot>, leases: Iterable<Lease>, now: number) => {
  const lent = Array.from(slots).filter(({ fiber }) => fiber !== undefined)
  return [...lent, ...leases].map((use) => describeUse(use, now))
}

const describeUse = (use: Slot | Lease, now: number): ActiveConnection => {
  const statement = use.statement === undefined ? undefined : shorten(use.statement)
  const holder = use instanceof Lease ? use.holder : spanName(use.fiber)
  return {
    processId: use.wire.connection.processId,
    kind: use.kind,
    holder: holder ?? statement ?? "no statement yet",
    statement,
    heldMillis: Math.max(0, now - use.since)
  }
}
