/** The package's own tables and the columns that this version reads or writes. */
import type { CriticalTable } from "../CriticalTable.ts"

export const coreTables: ReadonlyArray<CriticalTable> = [
  {
    table: "pgkeel.migrations",
    columns: ["namespace", "id", "name", "kind", "checksum", "state", "applied_at", "duration_millis", "error"]
  },
  {
    table: "pgkeel.security_keys",
    columns: ["name", "role_name", "key_id", "sealed", "version", "created_at", "rotated_at", "revoked_at"]
  }
]
