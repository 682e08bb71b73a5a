/** The command line: what it asks for, or what is wrong with it. */

export const usage = `usage: npm run quickstart -- [--keep [DIR]] [--help]
  (nothing)             on an embedded PostgreSQL, gone afterwards
  --keep [DIR]          the same, its data kept for the next run, in DIR or in a directory of its own
  DATABASE_URL=... npm run quickstart
                        on your own server, as an administrator; at the end it says what it leaves there`

export type Options =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Wrong"; readonly problem: string }
  /** `keep` is the directory, "" for the usual one. */
  | { readonly _tag: "Run"; readonly keep: string | undefined }

const wrong = (problem: string): Options => ({ _tag: "Wrong", problem })

export const parseOptions = (args: ReadonlyArray<string>, hasUrl: boolean): Options => {
  if (args.includes("--help") || args.includes("-h")) return { _tag: "Help" }
  const [first, second, ...rest] = args
  if (first === undefined) return { _tag: "Run", keep: undefined }
  const [option, value] = first.startsWith("--keep=") ? ["--keep", first.slice("--keep=".length)] : [first, second]
  if (option !== "--keep") return wrong(`there is no option ${first}`)
  const surplus = [...(option === first ? [] : second === undefined ? [] : [second]), ...rest][0]
  if (surplus !== undefined) return wrong(`--keep takes one directory, and ${surplus} comes after it`)
  if (value?.startsWith("-")) return wrong(`there is no option ${value}`)
  if (value === "" && option !== first) return wrong("--keep= names no directory")
  return hasUrl
    ? wrong("--keep is about the embedded server, and DATABASE_URL names one of yours: use one of the two")
    : { _tag: "Run", keep: value ?? "" }
}
