/**
 * The one place where a name or a value becomes SQL text.
 *
 * Values travel as parameters wherever PostgreSQL takes them. Utility statements
 * (CREATE ROLE, ALTER DATABASE, SET) take none, so their names and literals are
 * written into the text, and only by these two functions.
 */

/** A name in double quotes: PostgreSQL manual, 4.1.1 "Identifiers and Key Words". */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * A string constant that means the same whatever `standard_conforming_strings`
 * says: one that holds a backslash is written in the `E''` form (4.1.2.2).
 */
export const quoteLiteral = (value: string): string => {
  const doubled = value.replaceAll("'", "''")
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`
}

/** A possibly qualified name, each part quoted: `qualified("app", "user")` is `"app"."user"`. */
export const qualified = (...parts: ReadonlyArray<string>): string => parts.map(quoteIdentifier).join(".")
