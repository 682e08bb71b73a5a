/**
 * Public projects whose histories of migrations are plain SQL for PostgreSQL, and
 * what keeps some of their files from being a migration here: their own runners
 * name them differently, or do in a program what is not in the file.
 */

export interface Project {
  /** On GitHub. */
  readonly repository: string
  readonly folder: string
  /** Whose form it is. */
  readonly tool: string
  /** What the project's manual has the administrator do first. */
  readonly before?: string
  /** What a file or folder is called here; `undefined` sets it aside. Default: as it is. */
  readonly as?: (name: string) => string | undefined
}

const without =
  (...names: ReadonlyArray<string>) =>
  (name: string): string | undefined =>
    names.includes(name) ? undefined : name

export const projects: ReadonlyArray<Project> = [
  {
    repository: "LemmyNet/lemmy",
    folder: "migrations",
    tool: "diesel",
    // It asks for the table of diesel's own command, which it forbids.
    as: without("2025-08-01-000017_forbid_diesel_cli")
  },
  {
    repository: "rust-lang/crates.io",
    folder: "migrations",
    tool: "diesel",
    // A note, and a script that is run by hand.
    as: without("README.md", "data_oauth_github.sql")
  },
  {
    repository: "chirpstack/chirpstack",
    folder: "chirpstack/migrations_postgres",
    tool: "diesel",
    before: "CREATE EXTENSION pg_trgm"
  },
  {
    repository: "rust-lang/docs.rs",
    folder: "crates/lib/docs_rs_database/migrations",
    tool: "sqlx",
    // Nothing but a comment, which is refused here.
    as: (name) => (/^(?:20240221114302|20251220165302)_/u.test(name) ? undefined : name)
  },
  { repository: "svix/svix-webhooks", folder: "server/svix-server/migrations", tool: "sqlx" },
  {
    repository: "atuinsh/atuin",
    folder: "crates/atuin-server-postgres/migrations",
    tool: "sqlx, without a way down",
    as: (name) => name.replace(/\.sql$/u, ".up.sql")
  },
  {
    repository: "authelia/authelia",
    folder: "internal/storage/migrations/postgres",
    tool: "its own, V0001.Name.up.sql",
    // Some are for other databases, or a program, and have nothing but a comment.
    as: (name) => (/^V00(?:21|25|26)\./u.test(name) ? undefined : name.replace(/^V(\d+)\./u, "$1_"))
  },
  {
    repository: "stashapp/stash-box",
    folder: "internal/database/migrations/postgres",
    tool: "golang-migrate",
    // From here on it wants an extension that is not a part of PostgreSQL.
    as: (name) => (Number.parseInt(name, 10) < 56 ? name : undefined)
  }
]
