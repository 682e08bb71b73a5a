/**
 * Databases for tests, on the server that the run's global set-up has started.
 */
import { Context, Layer, Redacted } from "effect"
import { inject } from "vitest"
import { TestDatabase, type TestDatabaseOptions } from "../../src/testing/index.ts"

/** The run's server, by the login of its superuser. */
export class TestServer extends Context.Service<
  TestServer,
  {
    readonly url: Redacted.Redacted
    readonly host: string
    readonly port: number
    readonly username: string
    readonly password: Redacted.Redacted
    /** For example "18.4". */
    readonly version: string
    readonly majorVersion: number
    readonly isInMemory: boolean
  }
>()("pgkeel/test/TestServer") {
  static readonly layer = Layer.sync(TestServer, () => testServer())
}

/** The same as a value, for what is decided before any layer is built. */
export const testServer = (): TestServer["Service"] => {
  const server = inject("pgkeelServer")
  return { ...server, url: Redacted.make(server.url), password: Redacted.make(server.password) }
}

export { TestDatabase }

const isCopiedQuickly = () => {
  const { isInMemory, majorVersion } = testServer()
  return isInMemory && majorVersion >= 15
}

/** A fresh, empty database of its own, dropped afterwards. */
export const freshDatabase = <E = never, R = never>(options?: TestDatabaseOptions<E, R>) =>
  TestDatabase.layerServer(testServer().url, { ...(isCopiedQuickly() && { strategy: "file_copy" }), ...options })

/** The same, with a plain client connected to it. */
export const freshClient = <E = never, R = never>(options?: TestDatabaseOptions<E, R>) =>
  Layer.provideMerge(TestDatabase.layerClient, freshDatabase(options))
