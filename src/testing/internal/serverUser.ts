/**
 * The account that the server runs as.
 *
 * PostgreSQL refuses to run as root. Started by root, it runs as an account
 * that is on the host already: `postgres` where there is one, else `nobody`.
 * None is created, because a test run must not change the host.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"

export interface ServerUser {
  readonly name: string
  /** The ids to give up root for, or undefined when this process is not root's. */
  readonly switchTo: { readonly uid: number; readonly gid: number } | undefined
}

const fallback = { name: "nobody", uid: 65534, gid: 65534 }

const parsePasswd = (text: string) =>
  text.split("\n").flatMap((line) => {
    const [name = "", , uid, gid] = line.split(":")
    return Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })

export const serverUser: Effect.Effect<ServerUser, never, FileSystem.FileSystem> = Effect.gen(function* () {
  const uid = process.getuid?.()
  if (uid !== 0) return { name: `the current user (uid ${uid})`, switchTo: undefined }
  const fs = yield* FileSystem.FileSystem
  const accounts = yield* fs.readFileString("/etc/passwd").pipe(
    Effect.map(parsePasswd),
    Effect.orElseSucceed(() => [])
  )
  const found =
    accounts.find(({ name }) => name === "postgres") ?? accounts.find(({ name }) => name === "nobody") ?? fallback
  return { name: `the user "${found.name}"`, switchTo: { uid: found.uid, gid: found.gid } }
})
