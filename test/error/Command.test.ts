import { assert, describe, it } from "@effect/vitest"
import { copiesWithClient, endsTransaction, mayCommit, mayCommitWithin } from "../../src/error/internal/command.ts"

/** Those of the statements of which it says so. */
const chosen = (ask: (statement: string) => boolean, yes: ReadonlyArray<string>, no: ReadonlyArray<string>) =>
  [...yes, ...no].filter(ask)

const harmless = [
  "SELECT 'commit'",
  "-- commit\nSELECT 1",
  "/* commit */ INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
  "/* a /* b */ COMMIT",
  "endless",
  "PREPARE one AS SELECT 1",
  "",
  "("
]

describe("A statement", () => {
  it("ends its transaction when its command does, wherever the command is hidden", () => {
    const commands = ["COMMIT", "end", "Abort work", "ROLLBACK AND CHAIN", "PREPARE TRANSACTION 'x'", "commit;"]
    const hidden = ["  \n/* a */ -- b\n commit", "/* a /* b */ c */ COMMIT", "--\r\nCOMMIT"]
    const others = ["ROLLBACK TO SAVEPOINT a", "rollback work to a", "COMMIT PREPARED 'x'", "rollback prepared 'x'"]
    const yes = [...commands, ...hidden]
    assert.deepStrictEqual(chosen(endsTransaction, yes, [...harmless, ...others]), yes)
  })

  it("may commit its transaction when its command does", () => {
    const yes = ["COMMIT", "end", "PREPARE TRANSACTION 'x'", "/* a /* b */ c */ COMMIT AND CHAIN"]
    const no = [...harmless.filter((statement) => !statement.startsWith("PREPARE")), "ROLLBACK"]
    assert.deepStrictEqual(chosen(mayCommit, yes, no), yes)
  })

  it("may commit within when it is a procedure, or a block that holds one", () => {
    const blocks = ["DO $$ BEGIN COMMIT; END $$", "do $$ begin execute 'x'; end $$"]
    const yes = ["CALL p()", "-- a\ncall p()", "/*/**/*/ CALL p()", ...blocks]
    const no = [...harmless, "DO $$ BEGIN PERFORM 1; END $$", "SELECT call()", "callable"]
    assert.deepStrictEqual(chosen(mayCommitWithin, yes, no), yes)
  })

  it("copies with the client when the rows come from it or go to it, and not with a file of the server", () => {
    const yes = ["COPY t FROM STDIN", "-- a\ncopy t (a, b) from /* b */ stdin csv", "COPY (SELECT '''') TO\n STDOUT"]
    const files = ["COPY t FROM '/a from stdin b'", "COPY t TO '/to stdout'", `COPY "t to stdout" FROM PROGRAM 'cat x'`]
    assert.deepStrictEqual(chosen(copiesWithClient, yes, [...harmless, ...files, "SELECT 'copy t from stdin'"]), yes)
  })
})
