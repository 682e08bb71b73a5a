/**
 * What the tests read of package manifests.
 */
import { Schema } from "effect"
import * as Fs from "node:fs"

const Versions = Schema.Record(Schema.String, Schema.String)

const Target = Schema.Union([Schema.String, Schema.Struct({ types: Schema.String, default: Schema.String })])

const Manifest = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  engines: Versions,
  exports: Schema.Record(Schema.String, Schema.NullOr(Target)),
  dependencies: Versions,
  devDependencies: Versions,
  peerDependencies: Versions,
  peerDependenciesMeta: Schema.Record(Schema.String, Schema.Struct({ optional: Schema.Boolean }))
})

export type Manifest = typeof Manifest.Type

export const readManifest = (path: string): Manifest =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Manifest))(Fs.readFileSync(path, "utf8"))

/** Node's rule (packages, "subpath patterns"): the key itself, or else the pattern with the longest beginning. */
const keyFor = (subpath: string, keys: ReadonlyArray<string>) =>
  keys.includes(subpath)
    ? subpath
    : keys
        .filter((key) => key.endsWith("*") && subpath.startsWith(key.slice(0, -1)))
        .reduce<string | undefined>(
          (best, key) => (best !== undefined && best.length > key.length ? best : key),
          undefined
        )

/** Every subpath by which code can be imported, as `.` and `./error/Retry`, given the files of the package. */
export const entryPoints = ({ exports }: Manifest, files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const keys = Object.keys(exports)
  const named = keys.filter((key) => !key.includes("*") && typeof exports[key] === "object" && exports[key] !== null)
  const modules = files.flatMap((path) => {
    const subpath = /^dist\/(.*)\.js$/.exec(path)?.[1]
    const key = subpath === undefined ? undefined : keyFor(`./${subpath}`, keys)
    return key === undefined || exports[key] == null ? [] : [`./${subpath}`]
  })
  return [...new Set([...named, ...modules])]
}
