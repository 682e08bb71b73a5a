/** The package's own migrations: which there are is no matter of the tests that only come across them. */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"

const directory = new URL("../../migrations/", import.meta.url)

const files = readdirSync(directory)
  .filter((file) => file.endsWith(".up.sql"))
  .toSorted()

/** Of what is in them: a template on which they were run is made anew when they change. */
export const ownChecksum = files
  .reduce((hash, file) => hash.update(readFileSync(new URL(file, directory))), createHash("sha256"))
  .digest("hex")

export const ownMigrations = files.map((file) => {
  const [id, ...name] = file.replace(/\.up\.sql$/u, "").split("_")
  return { id: String(id), name: name.join("_") }
})
