/**
 * How far a session has come. A handle goes round: it is `active` again with its
 * next transaction.
 */

/**
 * - `opened`: no transaction yet.
 * - `active`: a transaction is open.
 * - `committing`: its effect has succeeded, and COMMIT is on its way.
 * - `committed`, `rolledBack`: what became of the last transaction.
 * - `failed`: nobody knows what became of it: the answer to its COMMIT was lost.
 */
export type SessionState = "opened" | "active" | "committing" | "committed" | "rolledBack" | "failed"
