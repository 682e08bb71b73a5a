/** The same migrations, one small table each, in the form that each migrator wants. */
import { createHash } from "node:crypto"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"

export interface Folders {
  readonly count: number
  /** What runs, in order. */
  readonly statements: ReadonlyArray<string>
  /** `<id>_<name>.up.sql`, as pgkeel has it; psql runs the same files. */
  readonly pgkeel: string
  /** A script that includes each of those files in a transaction of its own. */
  readonly psqlScript: string
  readonly drizzle: string
  readonly nodePgMigrate: string
}

/** From here on the names have as many digits each. */
const firstId = 100_001

export const idOf = (index: number): string => String(firstId + index)

export const nameOf = (index: number): string => `${idOf(index)}_table_${index}`

const statementOf = (index: number): string =>
  `CREATE TABLE table_${index} (id bigint PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`

export const writeFolders = async (parent: string, count: number): Promise<Folders> => {
  const folders = {
    pgkeel: join(parent, "pgkeel"),
    drizzle: join(parent, "drizzle"),
    nodePgMigrate: join(parent, "npm")
  }
  await Promise.all([
    mkdir(folders.pgkeel),
    mkdir(join(folders.drizzle, "meta"), { recursive: true }),
    mkdir(folders.nodePgMigrate)
  ])
  const statements = Array.from({ length: count }, (_, index) => statementOf(index))
  for (const [index, statement] of statements.entries()) {
    const name = nameOf(index)
    const text = `${statement};\n`
    await writeFile(join(folders.pgkeel, `${name}.up.sql`), text)
    await writeFile(join(folders.drizzle, `${name}.sql`), text)
    await writeFile(join(folders.nodePgMigrate, `${name}.sql`), `-- Up Migration\n${text}`)
  }
  const entries = statements.map((_, idx) => ({ idx, when: firstId + idx, tag: nameOf(idx), breakpoints: true }))
  await writeFile(join(folders.drizzle, "meta", "_journal.json"), JSON.stringify({ dialect: "postgresql", entries }))
  const psqlScript = join(parent, "all.psql")
  const includes = statements.map(
    (_, index) => `BEGIN;\n\\i ${join(folders.pgkeel, `${nameOf(index)}.up.sql`)}\nCOMMIT;\n`
  )
  await writeFile(psqlScript, includes.join(""))
  return { count, statements, psqlScript, ...folders }
}

export const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
