/**
 * What a file says, whichever system it was checked out on: git turns LF into
 * CRLF on some, and some editors put a byte-order mark in front. Neither may
 * change a checksum, nor what is run, so both are gone before either happens.
 */
import { isUtf8 } from "node:buffer"
import { createHash } from "node:crypto"

/** `undefined` if the bytes are not UTF-8. A byte-order mark is dropped, CRLF becomes LF. */
export const decodeText = (bytes: Uint8Array): string | undefined => {
  const text = new TextDecoder("utf-8").decode(bytes)
  return text.includes("\uFFFD") && !isUtf8(bytes) ? undefined : text.replaceAll("\r\n", "\n")
}

/** SHA-256 in hexadecimal of what `decodeText` returned. */
export const checksum = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex")
