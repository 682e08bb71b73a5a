/**
 * What it costs to hold a file of migrations to all rules of lint, its parsing by
 * PostgreSQL's own parser included. What is promised is 3 ms a file; no server has
 * part in it.
 */
import { Duration, Effect } from "effect"
import { lint } from "../../src/migration/internal/lint/engine.ts"
import { read } from "../../src/migration/internal/splitter.ts"
import type { Benchmark, Figure } from "./support/Benchmark.ts"
import { median } from "./support/median.ts"

const promisedMillis = 3

/** A table with what belongs to it, or a change of one, in turns; no two files are the same. */
const textOf = (number: number): string =>
  number % 2 === 0
    ? `-- Orders of shop ${number}.
CREATE TABLE shop_${number}.orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES shop_${number}.customers ON DELETE CASCADE,
  placed_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'placed' CHECK (state IN ('placed', 'paid', 'sent')),
  total numeric(12, 2) NOT NULL CHECK (total >= 0),
  note text
);
CREATE INDEX orders_customer_id ON shop_${number}.orders (customer_id);
CREATE INDEX orders_open ON shop_${number}.orders (placed_at) WHERE state <> 'sent';
ALTER TABLE shop_${number}.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop_${number}.orders USING (customer_id = (SELECT current_setting('app.customer')::bigint));
COMMENT ON TABLE shop_${number}.orders IS 'what was ordered, "paid" or not';
CREATE FUNCTION shop_${number}.total_of(customer bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT sum(total) FROM shop_${number}.orders WHERE customer_id = customer
$$;
`
    : `ALTER TABLE shop.orders ADD COLUMN note_${number} text, ALTER COLUMN total SET NOT NULL;
ALTER TABLE shop.orders ADD CONSTRAINT note_${number}_short CHECK (length(note_${number}) < 200);
UPDATE shop.orders SET note_${number} = '' WHERE note_${number} IS NULL;
CREATE UNIQUE INDEX orders_note_${number} ON shop.orders (note_${number});
`

const millisOf = <E>(count: number, work: Effect.Effect<unknown, E>): Effect.Effect<number, E> =>
  Effect.map(Effect.timed(work), ([duration]) => Duration.toMillis(duration) / count)

const measure = Effect.fnUntraced(function* (quick: boolean) {
  const files = Array.from({ length: quick ? 50 : 1000 }, (_, number) => ({
    file: `${number}.sql`,
    text: textOf(number)
  }))
  const linting = Effect.forEach(files, (input) => lint(input))
  const parsing = Effect.forEach(files, ({ text }) => read(text))
  // The first round loads and compiles both.
  const rounds: Array<{ readonly ours: number; readonly theirs: number }> = []
  for (let round = 0; round < (quick ? 2 : 6); round++) {
    const theirs = yield* millisOf(files.length, parsing)
    const ours = yield* millisOf(files.length, linting)
    if (round > 0) rounds.push({ ours, theirs })
  }
  const found = (yield* linting).flat()
  if (found.length < files.length) return yield* Effect.die(new Error("lint has not found what is in the files"))
  const theirs = median(rounds.map((one) => one.theirs))
  return [
    {
      name: `lint of ${files.length} files`,
      ratio: median(rounds.map((one) => one.ours / one.theirs)),
      against: "splitting them into statements with PostgreSQL's parser, which is a part of it",
      ours: median(rounds.map((one) => one.ours)),
      theirs,
      unit: `milliseconds a file (lower is better; promised: ${promisedMillis})`,
      target: { atMost: promisedMillis / theirs }
    }
  ] satisfies ReadonlyArray<Figure>
})

export const linting: Benchmark = {
  name: "lint",
  run: ({ quick }) => measure(quick)
}
