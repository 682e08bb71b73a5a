/**
 * How wide a text is, never less than what a reader's fonts make of it.
 *
 * The diagram is set in the first of these monospaced fonts that a system has. What
 * the font lacks comes from another, where ideographs take 1 em and emoji up to 1.3.
 */
const advances = {
  "ui-monospace": 0.602,
  "SFMono-Regular": 0.6,
  Menlo: 0.602,
  Consolas: 0.55,
  '"DejaVu Sans Mono"': 0.602,
  '"Liberation Mono"': 0.6,
  '"Courier New"': 0.6,
  monospace: 0.602
} as const

/** As CSS names them. */
export const fonts = Object.keys(advances).join()

/** In em, with room for letters that are set on whole pixels. */
const letter = Math.max(...Object.values(advances)) + 0.008
const foreignLetter = 1.05
const emoji = 1.4

const isCombining = (code: number): boolean => code >= 0x300 && code <= 0x36f

const widthOfCode = (code: number): number => {
  if (isCombining(code)) return 0
  // Latin, Greek and Cyrillic are in the font itself.
  if (code < 0x530) return letter
  return code > 0xffff ? emoji : foreignLetter
}

/** In pixels, for a font of `size` pixels. */
export const textWidth = (text: string, size: number): number => {
  let width = 0
  for (const character of text) width += widthOfCode(character.codePointAt(0) ?? 0)
  return Math.ceil(width * size)
}
