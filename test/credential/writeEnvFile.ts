/** A process of its own that writes an environment file with nothing masked from the modes it asks for. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as EnvFile from "../../src/credential/EnvFile.ts"

const [path = "", value = ""] = process.argv.slice(2)
process.umask(0)

await Effect.runPromise(EnvFile.write(path, { A: value }).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer])))
