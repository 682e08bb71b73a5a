/**
 * Packs the package as it would be published and unpacks it into projects of
 * consumers, without a network: a project sees the packages that the manifest
 * declares, by links, and nothing else. Into one project npm itself installs it.
 * All of it happens in one temporary folder.
 */
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { type Manifest, readManifest } from "./manifest.ts"

const root = Path.join(import.meta.dirname, "../..")

export const manifest: Manifest = readManifest(Path.join(root, "package.json"))

export interface Outcome {
  readonly code: number
  /** Standard output and standard error. */
  readonly output: string
}

// Programs see neither the npm script that runs the tests nor Vitest, both of which speak through the environment,
// but they trust the certificates that the machine trusts.
const trust = /^NODE_(USE_SYSTEM_CA|EXTRA_CA_CERTS)$/
const inherited = Object.entries(process.env).filter(
  ([name]) => trust.test(name) || !/^(npm_|VITEST|NODE_|INIT_CWD)/.test(name)
)
const path = [Path.join(root, "node_modules/.bin"), process.env["PATH"]].join(Path.delimiter)
const env = { ...Object.fromEntries(inherited), PATH: path, NO_COLOR: "1", FORCE_COLOR: "0" }

/** Runs a program to its end; a code other than 0 is an outcome, not an error. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  cwd: string,
  variables: Readonly<Record<string, string>> = {}
) =>
  new Promise<Outcome>((resolve) => {
    execFile(command, args, { cwd, env: { ...env, ...variables }, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, output: stdout + stderr })
    )
  })

/**
 * npm, by the Node that npm itself was started with where it runs these tests:
 * the npm of a distribution cannot be run by another Node than its own.
 */
export const npm = (args: ReadonlyArray<string>, cwd: string) => {
  const { npm_execpath, npm_node_execpath } = process.env
  return npm_execpath === undefined || npm_node_execpath === undefined
    ? run("npm", args, cwd)
    : run(npm_node_execpath, [npm_execpath, ...args], cwd)
}

/** The output of what has to succeed before a test can begin. */
const succeeded = async (outcome: Promise<Outcome>) => {
  const { code, output } = await outcome
  if (code !== 0) throw new Error(`ended with ${code}:\n${output}`)
  return output
}

const link = (name: string, folder: string) => {
  const path = Path.join(folder, "node_modules", name)
  Fs.mkdirSync(Path.dirname(path), { recursive: true })
  Fs.symlinkSync(Path.join(root, "node_modules", name), path)
}

/** What the tree has besides the files under version control. */
const own = new Set(["node_modules", ".git", ".pgkeel", "dist"])

/** The codes of npm for a registry that cannot be reached. */
const noNetwork =
  /npm error code (EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR|ENOTCACHED)\b/

export class Packing {
  readonly folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "pgkeel-package-"))
  readonly tarball = Path.join(this.folder, `${manifest.name}-${manifest.version}.tgz`)
  /** The paths in the tarball. */
  files: ReadonlyArray<string> = []

  /** A copy of the tree is packed, so that the tree keeps its own `dist` and this one begins with a stale file. */
  async pack() {
    const copy = Path.join(this.folder, "tree")
    Fs.cpSync(root, copy, { recursive: true, filter: (path) => !own.has(Path.relative(root, path)) })
    Fs.symlinkSync(Path.join(root, "node_modules"), Path.join(copy, "node_modules"))
    Fs.mkdirSync(Path.join(copy, "dist"))
    Fs.writeFileSync(Path.join(copy, "dist/removedLongAgo.js"), "")
    await succeeded(npm(["pack", "--pack-destination", this.folder], copy))
    const listing = await succeeded(run("tar", ["-tzf", this.tarball], this.folder))
    this.files = listing
      .trim()
      .split("\n")
      .map((path) => path.replace(/^package\//, ""))
  }

  /** An empty project that has the package, its required dependencies and peers, and `others` that it asks for itself. */
  async project(name: string, others: ReadonlyArray<string> = []) {
    const folder = Path.join(this.folder, name)
    const home = Path.join(folder, "node_modules", manifest.name)
    Fs.mkdirSync(home, { recursive: true })
    await succeeded(run("tar", ["-xzf", this.tarball, "--strip-components", "1", "-C", home], folder))
    const required = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
      (name) => manifest.peerDependenciesMeta[name]?.optional !== true
    )
    for (const name of [...required, ...others]) link(name, folder)
    return Project.empty(folder)
  }

  /**
   * An empty project into which npm installs the package with the command of the README, the peers in the versions
   * that were reviewed. What npm has in its cache, it takes from there. Where it is the network that failed, the
   * answer is npm's code for that.
   */
  async install(
    name: string
  ): Promise<{ readonly project: Project; readonly output: string } | { readonly offline: string }> {
    const folder = Path.join(this.folder, name)
    Fs.mkdirSync(folder)
    const project = Project.empty(folder)
    const peers = ["effect", "@effect/sql-pg", "@effect/platform-node"]
    const packages = [this.tarball, ...peers.map((peer) => `${peer}@${manifest.devDependencies[peer]}`)]
    const impatient = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000"]
    const options = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=warn", ...impatient]
    const { code, output } = await npm(["install", ...options, ...packages], folder)
    if (code === 0) return { project, output }
    // Without a network npm may well complain of the peers instead.
    const ping = await npm(["ping", "--fetch-retries=0", "--fetch-timeout=20000"], folder)
    const offline = ping.code === 0 ? undefined : noNetwork.exec(ping.output)?.[1]
    if (offline === undefined) throw new Error(`npm install ended with ${code}:\n${output}`)
    return { offline }
  }

  remove() {
    Fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

const strictest = {
  target: "ES2023",
  lib: ["ES2024"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  outDir: "out",
  rootDir: "."
}

const modules = {
  nodenext: { module: "NodeNext", moduleResolution: "NodeNext" },
  bundler: { module: "ESNext", moduleResolution: "Bundler" }
}

export class Project {
  constructor(folder: string) {
    this.folder = folder
  }
  readonly folder: string

  static empty(folder: string) {
    const project = new Project(folder)
    const contents = { name: Path.basename(folder), private: true, type: "module" }
    project.write({ "package.json": JSON.stringify(contents) })
    return project
  }

  /** Texts by their paths. */
  write(files: Readonly<Record<string, string>>) {
    for (const [file, text] of Object.entries(files)) {
      const path = Path.join(this.folder, file)
      Fs.mkdirSync(Path.dirname(path), { recursive: true })
      Fs.writeFileSync(path, text)
    }
  }

  /** Compiles one file with every strictness on. */
  compile(file: string, resolution: keyof typeof modules, options: object = {}) {
    const compilerOptions = { ...strictest, ...modules[resolution], ...options }
    this.write({ "tsconfig.json": JSON.stringify({ compilerOptions, files: [file] }) })
    return run("tsc", ["-p", "."], this.folder)
  }

  node(file: string, variables: Readonly<Record<string, string>> = {}) {
    return run("node", [file], this.folder, variables)
  }
}
