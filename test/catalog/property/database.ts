/** A database as `pg_dump` sees it and as a snapshot sees it. */
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { Client } from "pg"
import { snapshotQuery } from "../../../src/catalog/internal/sql/query.ts"
import { format, hashOf, Snapshot } from "../../../src/catalog/Snapshot.ts"

/** One of PostgreSQL's own programs; its output. */
const program = (name: string, args: ReadonlyArray<string>, input = ""): string => {
  const { error, status, stderr, stdout } = spawnSync(name, args, { input, encoding: "utf8", maxBuffer: 2 ** 30 })
  if (error !== undefined || status !== 0) throw new Error(`${name}: ${error?.message ?? stderr}`)
  return stdout
}

/** The newest major version that the installed pg_dump can read; `undefined` without one. */
export const dumpVersion = (): number | undefined => {
  const { stdout } = spawnSync("pg_dump", ["--version"], { encoding: "utf8" })
  const found = /\s(\d+)\.\d/u.exec(stdout ?? "")?.[1]
  return found === undefined ? undefined : Number(found)
}

const isSetting = (entry: string): boolean => /^(?:SET (?!default_table)|SELECT pg_catalog\.set_config)/u.test(entry)

/**
 * What `pg_dump --schema-only` writes, without comments and settings, sorted: it
 * writes grants in the order in which they were made, and what depends on nothing
 * in the order of the object ids.
 */
const normalized = (dump: string): string => {
  let storage = ""
  return dump
    .split("\n")
    .filter((line) => !/^(?:--|\\(?:un)?restrict)/u.test(line))
    .join("\n")
    .split(/\n{2,}/u)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "" && !isSetting(entry))
    .flatMap((entry) => {
      // It holds for what follows.
      if (entry.startsWith("SET default_table")) storage = /''|heap/u.test(entry) ? "" : `\n${entry}`
      return entry.startsWith("SET default_table") ? [] : [`${entry}${storage}`]
    })
    .toSorted()
    .join("\n\n")
}

/** pg_dump 15 says how durable an identity's sequence is to servers that are too old to read it, too. */
const readable = (dump: string): string =>
  dump.includes("\n-- Dumped from database version 14.") ? dump.replaceAll(/^ {4}(?:UN)?LOGGED\n/gmu, "") : dump

export interface State {
  readonly dump: string
  readonly snapshot: Snapshot
}

const decode = Schema.decodeUnknownSync(Snapshot)

/** A database of its own on the server of this URL. */
export class Database {
  private readonly url: string
  private readonly client: Client

  private constructor(url: string, client: Client) {
    this.url = url
    this.client = client
  }

  static readonly create = async (server: string, name: string): Promise<Database> => {
    const url = new URL(server)
    const admin = new Client(server)
    await admin.connect()
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`)
    await admin.end()
    url.pathname = `/${name}`
    return new Database(url.href, await Database.connect(url.href))
  }

  private static readonly connect = async (url: string): Promise<Client> => {
    const client = new Client(url)
    // A server that is stopped because of a failure must not hide the failure.
    client.on("error", () => {})
    await client.connect()
    return client
  }

  /** Whether the server has accepted the statements. */
  readonly change = async (statements: string): Promise<boolean> => {
    const failure = await this.client.query(`BEGIN; ${statements}; COMMIT`).then(
      () => undefined,
      (error: unknown) => error
    )
    if (failure !== undefined) await this.client.query("ROLLBACK")
    return failure === undefined
  }

  readonly snapshot = async (): Promise<Snapshot> => {
    const { rows } = await this.client.query<{ objects: string }>(snapshotQuery)
    const snapshot = decode({ format, ...rows[0], objects: JSON.parse(rows[0]?.objects ?? "") })
    if (hashOf(snapshot.objects) !== snapshot.hash) throw new Error("the server's hash is another than ours")
    return snapshot
  }

  private readonly pgDump = (): string => program("pg_dump", ["--schema-only", "--dbname", this.url])

  readonly state = async (): Promise<State> => ({
    dump: normalized(this.pgDump()),
    snapshot: await this.snapshot()
  })

  /**
   * Makes this database what a dump of the other one makes of it. It cannot where an
   * owner lost a privilege that was needed to create what is there.
   */
  readonly restore = (other: Database): boolean => {
    try {
      program("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", this.url], readable(other.pgDump()))
      return true
    } catch (error) {
      if (String(error).includes("ERROR:  permission denied for")) return false
      throw error
    }
  }

  readonly close = (): Promise<void> => this.client.end()
}
