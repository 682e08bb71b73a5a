/**
 * What a session does about a transaction that is already open around it, by the
 * names that transactions are known under elsewhere (Jakarta Transactions, Spring).
 */
import type * as Effect from "effect/Effect"
import type { InSession, SessionFailure } from "./InSession.ts"
import type { Session } from "./Session.ts"

/**
 * - `required`: joins what is open, without a round trip; else begins. What fails in a part that has joined makes the
 *   whole roll back, also when the failure is caught.
 * - `requires-new`: a transaction of its own on another connection, also inside one that is open.
 * - `nested`: a savepoint in what is open, so that its failure can be caught and undoes only itself; else begins.
 * - `supports`: joins what is open; else runs without a transaction.
 * - `not-supported`: runs outside of what is open, which waits and keeps its connection. `Session` is still the one set
 *   aside.
 * - `mandatory`: joins what is open, and asks for `Session` in its type, so that forgetting it does not compile.
 * - `never`: runs without a transaction, and fails where one is open.
 */
export type Propagation = "required" | "requires-new" | "nested" | "supports" | "not-supported" | "mandatory" | "never"

/** The ways that always run in a transaction, if need be in one of their own. */
export type Transactional = "required" | "requires-new" | "nested"

/**
 * An effect under a propagation. Only what is sure to have a session provides `Session`; only what is a whole
 * transaction may be run again as one.
 */
export type Propagated<P extends Propagation, A, E, R> = P extends Transactional
  ? InSession<A, E, R>
  : Effect.Effect<A, SessionFailure<E>, P extends "mandatory" ? R | Session : R>
