/**
 * What a tree of sessions comes to: how it ends, and which rows are there then. A
 * transaction is a stack of frames, one for each savepoint: what a frame holds is
 * kept with it, or goes with it.
 */
import type { Node, Part } from "./Tree.ts"

class Frame {
  readonly rows = new Set<string>()
  /** The server refuses everything but a rollback. */
  isAborted = false
  /** What joined it has failed and was not undone. */
  hasFailedPart = false
}

interface Transaction {
  /** None in a bare `sql.withTransaction`. */
  readonly session: { readonly tenant: string | undefined } | undefined
  readonly frames: [Frame, ...Array<Frame>]
}

export const succeeded = "success"

export class Model {
  readonly rows = new Set<string>()

  /** How the node at this place ends: a success, or the name of its failure. */
  run(node: Node, place: string, open?: Transaction): string {
    if (node._tag === "Part") return open === undefined ? this.#alone(node, place) : this.#inside(node, place, open)
    const frame = open?.frames.at(-1)
    if (frame?.isAborted === true) return "FailedTransaction"
    const rows = frame?.rows ?? this.rows
    rows.add(place)
    return succeeded
  }

  #alone(part: Part, place: string): string {
    switch (part.how) {
      case "required":
      case "nested":
      case "requires-new":
      case "bare":
        return this.#begin(part, place)
      case "mandatory":
        return "SessionRequired"
      case "supports":
      case "not-supported":
      case "never":
        return this.#body(part, place, undefined)
    }
  }

  #inside(part: Part, place: string, open: Transaction): string {
    switch (part.how) {
      case "required":
      case "mandatory":
        return this.#refusal(part, open) ?? this.#join(part, place, open)
      case "nested":
        return this.#refusal(part, open) ?? this.#savepoint(part, place, open)
      case "bare":
        return this.#savepoint(part, place, open)
      case "requires-new":
        return this.#begin(part, place)
      case "supports":
        if (open.session === undefined) return this.#body(part, place, open)
        return this.#refusal(part, open) ?? this.#join(part, place, open)
      case "not-supported":
        return this.#body(part, place, undefined)
      case "never":
        return "SessionForbidden"
    }
  }

  #refusal({ tenant }: Part, { session }: Transaction): string | undefined {
    if (session === undefined) return "TransactionAlreadyOpen"
    return tenant === undefined || tenant === session.tenant ? undefined : "SessionConflict"
  }

  #begin(part: Part, place: string): string {
    const frame = new Frame()
    const session = part.how === "bare" ? undefined : { tenant: part.tenant }
    const outcome = this.#body(part, place, { session, frames: [frame] })
    if (outcome !== succeeded) return outcome
    if (frame.hasFailedPart && session !== undefined) return "RollbackOnly"
    if (frame.isAborted) return "CommitRolledBack"
    for (const row of frame.rows) this.rows.add(row)
    return succeeded
  }

  #join(part: Part, place: string, open: Transaction): string {
    const outcome = this.#body(part, place, open)
    const frame = open.frames.at(-1) ?? open.frames[0]
    if (outcome !== succeeded) frame.hasFailedPart = true
    return outcome
  }

  #savepoint(part: Part, place: string, open: Transaction): string {
    const outer = open.frames.at(-1) ?? open.frames[0]
    if (outer.isAborted) return "FailedTransaction"
    const frame = new Frame()
    open.frames.push(frame)
    const outcome = this.#body(part, place, open)
    open.frames.pop()
    if (outcome !== succeeded) return outcome
    if (frame.hasFailedPart && part.how !== "bare") return "RollbackOnly"
    if (frame.isAborted) return "FailedTransaction"
    for (const row of frame.rows) outer.rows.add(row)
    outer.hasFailedPart ||= frame.hasFailedPart
    return succeeded
  }

  #body(part: Part, place: string, open: Transaction | undefined): string {
    for (const [at, child] of part.parts.entries()) {
      const outcome = this.run(child, `${place}.${at}`, open)
      const isCaught = child._tag === "Part" && child.isCaught
      if (outcome !== succeeded && !isCaught) return outcome
    }
    switch (part.ending) {
      case "succeeds":
        return succeeded
      case "fails":
        return "Unwanted"
      case "interrupts":
        return "interruption"
      case "violates":
        return this.#violate(open)
      case "swallows":
        this.#violate(open)
        return succeeded
    }
  }

  #violate(open: Transaction | undefined): string {
    const frame = open?.frames.at(-1)
    if (frame === undefined) return "InvalidValue"
    const wasAborted = frame.isAborted
    frame.isAborted = true
    return wasAborted ? "FailedTransaction" : "InvalidValue"
  }
}
