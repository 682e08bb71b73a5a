import { advice } from "../fixes.ts"
import type { Rule } from "../rule.ts"
import { nameOf } from "../names.ts"

export const serverFile: Rule = {
  name: "server-file",
  reason:
    "The file or program is looked for on the server's machine, with the rights of a superuser or of pg_read_server_files: elsewhere it is missing, or another.",
  check: ({ node }) => {
    if (!("CopyStmt" in node) || node.CopyStmt.filename === undefined) return []
    const { filename, is_from, is_program, relation } = node.CopyStmt
    const what = is_program === true ? "runs the program" : is_from === true ? "reads the file" : "writes the file"
    return [
      {
        message: `${what} ${filename} on the server's machine`,
        fix: advice(
          is_from === true
            ? `put the rows behind COPY ${nameOf(relation)} FROM stdin; up to a line \\. or load them with Copy.into`
            : "leave it to the application: Copy.out writes where it runs"
        )
      }
    ]
  }
}
