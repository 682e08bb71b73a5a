/**
 * Recognises the write that carries a COMMIT. After the first time the driver
 * names a prepared statement instead of sending the text, so the names under
 * which COMMIT was prepared are remembered (protocol: manual, 55.7).
 */
const headerBytes = 5

const commit = /^\s*COMMIT\b/iu

/** A text that ends with a zero byte. */
const textAt = (message: Buffer, start: number): { readonly text: string; readonly next: number } => {
  const end = message.indexOf(0, start)
  return end < 0 ? { text: "", next: message.length } : { text: message.toString("latin1", start, end), next: end + 1 }
}

export class CommitWatch {
  readonly #names = new Set<string>()

  /** Whether one of the messages of this write is a COMMIT. */
  carriesCommit(chunk: Buffer): boolean {
    let found = false
    for (let start = 0; start + headerBytes <= chunk.length;) {
      const length = 1 + chunk.readInt32BE(start + 1)
      const end = start + length
      // The first message of a connection has no type; what is not whole is no small message either.
      if (chunk[start] === 0 || length < headerBytes || end > chunk.length) break
      if (this.#isCommit(chunk.subarray(start, end))) found = true
      start = end
    }
    return found
  }

  #isCommit(message: Buffer): boolean {
    const first = textAt(message, headerBytes)
    switch (String.fromCharCode(message[0] ?? 0)) {
      case "Q":
        return commit.test(first.text)
      case "P": {
        const isCommit = commit.test(textAt(message, first.next).text)
        if (isCommit) this.#names.add(first.text)
        else this.#names.delete(first.text)
        return isCommit
      }
      case "B":
        return this.#names.has(textAt(message, first.next).text)
      default:
        return false
    }
  }
}
