/** What can go wrong with the lock under which migrations run. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/** Another session held the lock for as long as the caller was willing to wait. */
export class Locked extends Schema.TaggedError<Locked>("pgkeel/migration/Locked")("Locked", {
  /** The holder's server process; not there when it let go at the last moment. */
  pid: Schema.optional(Schema.Int),
  applicationName: Schema.optional(Schema.String),
  /** What the holder does, as `pg_stat_activity` has it, such as `active` or `idle`. */
  state: Schema.optional(Schema.String),
  /** How long the holder has been in that state. */
  stateFor: Schema.optional(Schema.Duration),
  /** How long the holder has been connected. Hidden from roles without pg_read_all_stats. */
  age: Schema.optional(Schema.Duration)
}) {
  override get message() {
    if (this.pid === undefined) return "the migration lock was held by another session; try again"
    const end = `run SELECT pg_terminate_backend(${this.pid})`
    if (this.isStranded) return `the migration lock is held by ${this.holder}, which seems to be stranded: ${end}`
    return this.state === "active"
      ? `the migration lock is held by ${this.holder}, which is at work; wait for it to finish, or ${end} to break it off`
      : `the migration lock is held by ${this.holder}; wait for it to finish, or, if it is stranded, ${end}`
  }

  /** Whether it has sent nothing for a minute, as one does whose process has stopped, or has been cut off. */
  get isStranded(): boolean {
    const isIdle = this.state?.startsWith("idle") === true
    return isIdle && this.stateFor !== undefined && Duration.toMillis(this.stateFor) >= strandedMillis
  }

  private get holder(): string {
    const parts = [
      this.applicationName ? `"${this.applicationName}"` : undefined,
      this.age === undefined ? undefined : `connected for ${seconds(this.age)}`,
      this.state === undefined
        ? undefined
        : `${this.state}${this.stateFor === undefined ? "" : ` for ${seconds(this.stateFor)}`}`
    ].filter((part) => part !== undefined)
    return `the server process ${this.pid}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`
  }
}

const strandedMillis = 60_000

const seconds = (duration: typeof Schema.Duration.Type): string => `${Math.round(Duration.toSeconds(duration))} s`

/** The session that held the lock is no longer the one that runs the migrations. */
export class LockLost extends Schema.TaggedError<LockLost>("pgkeel/migration/LockLost")("LockLost", {
  problem: Schema.String
}) {
  override get message() {
    return (
      `the migration lock was lost: ${this.problem}; what the history calls applied is applied. ` +
      "Behind a pooler in transaction mode, give the migrator a direct URL to the server"
    )
  }
}

/** The connection goes through a pooler that gives the server's session to others between two statements. Nothing was changed. */
export class SessionShared extends Schema.TaggedError<SessionShared>("pgkeel/migration/SessionShared")(
  "SessionShared",
  {}
) {
  override get message() {
    return (
      "the migrator is connected through a pooler that shares the server's sessions (PgBouncer in transaction mode), " +
      "where a lock cannot be held; nothing was changed: give it a direct URL to the server"
    )
  }
}

/** Migrations cannot run as the role that is to own what they create. Nothing was changed. */
export class RoleRefused extends Schema.TaggedError<RoleRefused>("pgkeel/migration/RoleRefused")("RoleRefused", {
  role: Schema.String,
  /** Whether there is such a role, which the login may not act as. */
  exists: Schema.Boolean
}) {
  override get message() {
    const role = JSON.stringify(this.role)
    return this.exists
      ? `migrations are to run as the role ${role}, and this login is no member of it; nothing was changed: ` +
          `grant ${role} to the login, or give another role`
      : `migrations are to run as the role ${role}, and the server has no such role; nothing was changed: ` +
          "create it, or give another role"
  }
}
