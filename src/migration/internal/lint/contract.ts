/** How the last step of a change is written, when no running application needs what it takes away. */

/** `ready`: when it may run. `text`: the statement itself. */
export const afterwards = (rule: string, ready: string, text: string): string =>
  `when ${ready}, in a migration of its own: -- pgkeel:allow ${rule}: <since when>\n${text};`
