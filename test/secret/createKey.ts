/**
 * A process of its own that makes a key file at a given moment, with nothing
 * masked from the modes it asks for, and prints the id of the key it ends with.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { KeyProvider } from "../../src/secret/KeyProvider.ts"

const [path = "", start = "0"] = process.argv.slice(2)
process.umask(0)

const program = Effect.gen(function* () {
  yield* Effect.sleep(Math.max(0, Number(start) - (yield* Clock.currentTimeMillis)))
  const provider = yield* KeyProvider.pipe(Effect.provide(KeyProvider.layerFile(path, { create: true })))
  process.stdout.write((yield* provider.current).id)
})

await Effect.runPromise(program.pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer, NodeCrypto.layer])))
