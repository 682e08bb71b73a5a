/** Text as XML 1.0 takes it. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;"
}

const isControl = (code: number): boolean => code < 0x20 || code === 0x7f

const picture = (character: string): string => {
  const code = character.charCodeAt(0)
  if (isControl(code)) return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code)
  // U+0080 to U+009F draw nothing, U+FFFE and U+FFFF are not XML.
  return "\ufffd"
}

/** A name as it is shown: characters that draw nothing, or that XML does not have, are shown as their pictures. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, picture)

export const escape = (text: string): string => printable(text).replace(/[&<>"']/g, (found) => entities[found] ?? found)
