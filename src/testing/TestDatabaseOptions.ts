/** What a fresh database is to be made of. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { CopyStrategy } from "./internal/freshDatabase.ts"

export interface TemplateOptions<E = never, R = never> {
  /**
   * Names what `build` makes: it is run once for each key and server, so the
   * key has to change with it (a checksum over the migrations, for example).
   */
  readonly key: string
  readonly build: Effect.Effect<void, E, R>
  /** How long to wait while another process builds it. Default: 5 minutes. */
  readonly patience?: Duration.Input | undefined
}

export interface TestDatabaseOptions<E = never, R = never> {
  /** Default: an empty database, with the extensions of `template1`. */
  readonly template?: TemplateOptions<E, R> | undefined
  /**
   * How the server copies the template, for 15 and later; 14 knows one way and refuses
   * both words. Default: the server's own, `wal_log`. On a data directory in memory
   * `file_copy` took a third of its time, and on a disk twice as much.
   */
  readonly strategy?: CopyStrategy | undefined
}
