/**
 * Makes instances of schema classes from fields that are known to be right.
 *
 * Classification runs for every failed statement, so it costs what it must: the
 * schema is not asked about fields that were copied a moment ago, and no stack
 * is captured, because its frames would be the driver's and the fiber's, and
 * never the caller's. Spans say where an effect came from.
 */

/** A class, whatever its constructor takes. */
export type ClassOf<Instance> = NewableFunction & { readonly prototype: Instance }

/** Typed loosely so that `Reflect.construct` answers with the class asked for. The constructors above it only copy fields. */
const base: CallableFunction = Error

/** `fields` must hold the class's `_tag` and everything that its schema requires. */
export const construct = <Instance extends object>(self: ClassOf<Instance>, fields: object): Instance => {
  const limit = Error.stackTraceLimit
  // Answers false, and changes nothing, where the property is frozen.
  const silenced = Reflect.set(Error, "stackTraceLimit", 0)
  const instance: Instance = Reflect.construct(base, [], self)
  if (silenced) Error.stackTraceLimit = limit
  return Object.assign(instance, fields)
}
