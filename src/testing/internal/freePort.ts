/**
 * A port on which nothing listens at this moment.
 *
 * PostgreSQL cannot be told to choose one. Another process may take the port
 * before the server does, which is why the start is repeated with another.
 */
import * as Effect from "effect/Effect"
import { createServer } from "node:net"

/** Succeeds with 0, which no server accepts, when the host has no port to give. */
export const freePort = (host: string): Effect.Effect<number> =>
  Effect.callback<number>((resume) => {
    const server = createServer()
    server.on("error", () => resume(Effect.succeed(0)))
    server.listen({ host, port: 0 }, () => {
      const address = server.address()
      const port = address !== null && typeof address === "object" ? address.port : 0
      server.close(() => resume(Effect.succeed(port)))
    })
    return Effect.sync(() => server.close())
  })
