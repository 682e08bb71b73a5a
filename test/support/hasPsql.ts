import { spawnSync } from "node:child_process"

/** Whether there is PostgreSQL's own client; the embedded server comes without. */
export const hasPsql = spawnSync("psql", ["--version"]).status === 0
