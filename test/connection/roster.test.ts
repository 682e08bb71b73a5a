import { assert, describe, it } from "@effect/vitest"
import { Roster } from "../../src/connection/internal/roster.ts"
import type { Member } from "../../src/connection/internal/roster.ts"

class Guest implements Member<Guest> {
  ahead: Guest | undefined
  behind: Guest | undefined
}

const guests = () => {
  const roster = new Roster<Guest>()
  const [a, b, c] = [new Guest(), new Guest(), new Guest()]
  for (const guest of [a, b, c]) roster.add(guest)
  return { roster, a, b, c }
}

describe("A roster", () => {
  it("has its members in the order of their coming, whoever leaves", () => {
    const { a, b, c, roster } = guests()
    assert.deepStrictEqual([...roster], [a, b, c])
    roster.delete(b)
    assert.deepStrictEqual([...roster], [a, c])
    roster.delete(a)
    roster.add(a)
    assert.deepStrictEqual([...roster], [c, a])
    roster.delete(a)
    roster.delete(c)
    assert.deepStrictEqual([[...roster], roster.size], [[], 0])
  })

  it("is as it was when somebody leaves who is not there", () => {
    const { a, b, c, roster } = guests()
    roster.delete(new Guest())
    roster.delete(b)
    roster.delete(b)
    assert.deepStrictEqual([[...roster], roster.size], [[a, c], 2])
  })

  it("lets whoever is looked at leave meanwhile", () => {
    const { roster } = guests()
    for (const guest of roster) roster.delete(guest)
    assert.strictEqual(roster.size, 0)
  })

  it("leaves one who has gone without a way to the others, so that it keeps nobody in memory", () => {
    const { a, b, c, roster } = guests()
    roster.delete(b)
    assert.deepStrictEqual([b.ahead, b.behind, a.behind, c.ahead], [undefined, undefined, c, a])
  })
})
