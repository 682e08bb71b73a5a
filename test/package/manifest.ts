/**
 * What the tests read of package manifests.
 */
import { Schema } from "effect"
import * as Fs from "node:fs"

const Versions = Schema.Record(Schema.String, Schema.String)

const Manifest = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  engines: Versions,
  dependencies: Versions,
  devDependencies: Versions,
  peerDependencies: Versions,
  peerDependenciesMeta: Schema.Record(Schema.String, Schema.Struct({ optional: Schema.Boolean }))
})

export type Manifest = typeof Manifest.Type

export const readManifest = (path: string): Manifest =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Manifest))(Fs.readFileSync(path, "utf8"))
