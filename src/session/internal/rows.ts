/** Rows that come as what they are, or as a stream. */
import * as Stream from "effect/Stream"

export type Rows<A, E, R> = Iterable<A> | Stream.Stream<A, E, R>

export const toStream = <A, E, R>(rows: Rows<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.isStream(rows) ? rows : Stream.fromIterable(rows)
