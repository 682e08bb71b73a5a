/**
 * Those who are here now, in the order of their coming: a set for members that come
 * and go by the thousand a second.
 *
 * V8 replaces the table of a `Set` as members come and go, and one that was replaced
 * keeps its members and the table after it. Once one has come into the old generation,
 * all who were ever members are kept there until a full collection. Here nothing points
 * at a member that has left, and it points at nothing.
 */

/** What a member knows of its place; it can have one place at a time. */
export interface Member<M> {
  ahead: M | undefined
  behind: M | undefined
}

export class Roster<M extends Member<M>> implements Iterable<M> {
  #first: M | undefined
  #last: M | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): M | undefined {
    return this.#first
  }

  /** Behind all others. */
  add(member: M): void {
    member.ahead = this.#last
    if (this.#last === undefined) this.#first = member
    else this.#last.behind = member
    this.#last = member
    this.#size++
  }

  /** Does nothing where it is not here. */
  delete(member: M): void {
    const { ahead, behind } = member
    if (ahead === undefined && this.#first !== member) return
    if (ahead === undefined) this.#first = behind
    else ahead.behind = behind
    if (behind === undefined) this.#last = ahead
    else behind.ahead = ahead
    member.ahead = undefined
    member.behind = undefined
    this.#size--
  }

  /** Whoever is looked at may leave meanwhile. */
  *[Symbol.iterator](): IterableIterator<M> {
    let member = this.#first
    while (member !== undefined) {
      const { behind } = member
      yield member
      member = behind
    }
  }
}
