/** Trees of sessions and savepoints, with what each part does and how it ends. */
import { Arbitrary, Schema } from "effect"
import type { Propagation } from "../../src/session/Propagation.ts"

export type Node = Write | Part

/** Adds a row with the name of its place in the tree. */
export interface Write {
  readonly _tag: "Write"
}

export interface Part {
  readonly _tag: "Part"
  /** A session, or `sql.withTransaction` without one. */
  readonly how: Propagation | "bare"
  readonly tenant: string | undefined
  readonly parts: ReadonlyArray<Node>
  /**
   * How its body ends once its parts are through. A violation is an error of the
   * server, which aborts the transaction; one that is swallowed does so, too.
   */
  readonly ending: "succeeds" | "fails" | "violates" | "swallows" | "interrupts"
  /** Whether what is around it goes on when it fails. */
  readonly isCaught: boolean
}

const oneOf = <const A extends ReadonlyArray<string>>(...values: A): Arbitrary.Arbitrary<A[number]> =>
  Arbitrary.schema(Schema.Literals(values))

const chance = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })))

const fields = {
  how: oneOf("required", "nested", "requires-new", "supports", "not-supported", "mandatory", "never", "bare"),
  fallback: oneOf("required", "nested", "bare"),
  failure: oneOf("fails", "violates", "swallows", "interrupts"),
  tenant: oneOf("ours", "theirs"),
  chances: Arbitrary.all({ plain: chance, failing: chance, tenant: chance, caught: chance })
}

/** Most parts join or nest, most succeed, and few name a tenant: what is refused at once shows little. */
const part = (depth: number): Arbitrary.Arbitrary<Part> =>
  Arbitrary.all({ ...fields, parts: nodes(depth) }).pipe(
    Arbitrary.map(({ chances, failure, fallback, how, parts, tenant }) => ({
      _tag: "Part" as const,
      how: chances.plain < 5 ? fallback : how,
      tenant: chances.tenant < 7 ? undefined : tenant,
      parts,
      ending: chances.failing < 6 ? ("succeeds" as const) : failure,
      isCaught: chances.caught < 6
    }))
  )

const write: Node = { _tag: "Write" }

const nodes = (depth: number): Arbitrary.Arbitrary<ReadonlyArray<Node>> => {
  if (depth === 0) return Arbitrary.array(Arbitrary.Constant(write), { maxLength: 2 })
  return Arbitrary.array(Arbitrary.all({ isWrite: Arbitrary.schema(Schema.Boolean), part: part(depth - 1) }), {
    minLength: 1,
    maxLength: 4
  }).pipe(Arbitrary.map((all) => all.map(({ isWrite, part }) => (isWrite ? write : part))))
}

/** At most four parts deep. */
export const trees = part(3).pipe(
  Arbitrary.map((tree): Part => (tree.how === "mandatory" ? { ...tree, how: "required" } : tree))
)

/** Whether a part of it, at any depth, is one of these. */
export const has = (node: Node, ways: ReadonlyArray<Part["how"]>): boolean =>
  node._tag === "Part" && (ways.includes(node.how) || node.parts.some((part) => has(part, ways)))
