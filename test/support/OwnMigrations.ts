/** The package's own migrations: which there are is no matter of the tests that only come across them. */
import { readdirSync } from "node:fs"

const files = readdirSync(new URL("../../migrations", import.meta.url)).filter((file) => file.endsWith(".up.sql"))

export const ownMigrations = files.toSorted().map((file) => {
  const [id, ...name] = file.replace(/\.up\.sql$/u, "").split("_")
  return { id: String(id), name: name.join("_") }
})
