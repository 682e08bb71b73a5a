/**
 * How wide a text is, never less than what a reader's fonts make of it.
 *
 * The diagram is set in a monospaced font. Of those that systems have, none is
 * wider than 0.602 em for the letters that it has itself (Menlo, DejaVu Sans
 * Mono; Courier, Liberation Mono and SF Mono 0.6, Consolas 0.55); what it lacks
 * comes from another font, where ideographs take 1 em and emoji up to 1.3.
 */
const letter = 0.61
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
