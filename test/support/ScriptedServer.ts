/**
 * Servers that say what they are told to: whatever a handler writes, or as much of
 * PostgreSQL's protocol (manual, 55.2) as the question of `verifyConnection` needs.
 */
import { Effect } from "effect"
import * as Net from "node:net"

export interface Listening {
  readonly port: number
  /** How often it has been connected to. */
  readonly connections: () => number
}

/** Listens on a free port of this machine until the scope closes. */
export const rawServer = (onConnection: (socket: Net.Socket) => void) =>
  Effect.acquireRelease(
    Effect.callback<Listening & { readonly close: () => void }>((resume) => {
      const sockets = new Set<Net.Socket>()
      let connections = 0
      const server = Net.createServer((socket) => {
        connections++
        sockets.add(socket)
        socket.on("error", () => undefined)
        socket.on("close", () => sockets.delete(socket))
        onConnection(socket)
      })
      server.listen(0, "127.0.0.1", () => {
        const close = () => {
          for (const socket of sockets) socket.destroy()
          server.close()
        }
        resume(
          Effect.succeed({ port: (server.address() as Net.AddressInfo).port, connections: () => connections, close })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** A port on which nobody listens; it was free a moment ago. */
export const freePort = Effect.map(Effect.scoped(rawServer(() => undefined)), ({ port }) => port)

export interface ScriptedColumn {
  readonly name: string
  readonly value: string | number | boolean
}

const int16 = (value: number) => {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

const int32 = (value: number) => {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

const text = (value: string) => Buffer.from(`${value}\0`)

const message = (tag: string, ...parts: ReadonlyArray<Buffer>) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(tag), int32(body.length + 4), body])
}

/** Type OIDs and lengths of pg_type.dat. */
const typeOf = ({ value }: ScriptedColumn) =>
  typeof value === "number" ? ([23, 4] as const) : typeof value === "boolean" ? ([16, 1] as const) : ([25, -1] as const)

const rowDescription = (columns: ReadonlyArray<ScriptedColumn>, format: number) =>
  message(
    "T",
    int16(columns.length),
    ...columns.flatMap((column) => {
      const [oid, length] = typeOf(column)
      return [text(column.name), int32(0), int16(0), int32(oid), int16(length), int32(-1), int16(format)]
    })
  )

const encode = ({ value }: ScriptedColumn, binary: boolean) => {
  if (typeof value === "string") return Buffer.from(value)
  if (typeof value === "number") return binary ? int32(value) : Buffer.from(String(value))
  return binary ? Buffer.from([value ? 1 : 0]) : Buffer.from(value ? "t" : "f")
}

const dataRow = (columns: ReadonlyArray<ScriptedColumn>, binary: boolean) =>
  message(
    "D",
    int16(columns.length),
    ...columns.flatMap((column) => {
      const value = encode(column, binary)
      return [int32(value.length), value]
    })
  )

/** Whether the first result format of a Bind message (manual, 55.7) is binary. */
const wantsBinary = (bind: Buffer): boolean => {
  let at = bind.indexOf(0) + 1
  at = bind.indexOf(0, at) + 1
  at += 2 + 2 * bind.readInt16BE(at)
  let parameters = bind.readInt16BE(at)
  at += 2
  for (; parameters > 0; parameters--) at += 4 + Math.max(0, bind.readInt32BE(at))
  return bind.readInt16BE(at) > 0 && bind.readInt16BE(at + 2) === 1
}

const ready = message("Z", Buffer.from("I"))

const greeting = Buffer.concat([
  message("R", int32(0)),
  message("S", text("server_version"), text("13.9")),
  message("K", int32(4711), int32(42)),
  ready
])

/** Answers one session; `columns` is the one row of every result, and without them there is no answer to statements. */
const session = (columns: ReadonlyArray<ScriptedColumn> | undefined) => (socket: Net.Socket) => {
  let pending = Buffer.alloc(0)
  let started = false
  let binary = false
  const row = columns ?? []
  const answers: Record<string, (body: Buffer) => Buffer> = {
    P: () => message("1"),
    B: (body) => {
      binary = wantsBinary(body)
      return message("2")
    },
    D: (body) =>
      Buffer.concat([
        ...(body.toString("latin1", 0, 1) === "S" ? [message("t", int16(0))] : []),
        rowDescription(row, binary ? 1 : 0)
      ]),
    E: () => Buffer.concat([dataRow(row, binary), message("C", text("SELECT 1"))]),
    Q: () => Buffer.concat([rowDescription(row, 0), dataRow(row, false), message("C", text("SELECT 1")), ready]),
    S: () => ready,
    C: () => message("3")
  }
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      const header = started ? 1 : 0
      if (pending.length < header + 4) return
      const length = header + pending.readInt32BE(header)
      if (pending.length < length) return
      const [tag, body] = [pending.toString("latin1", 0, header), pending.subarray(header + 4, length)]
      pending = pending.subarray(length)
      // SSLRequest and GSSENCRequest: neither is spoken here.
      if (!started && body.length === 4 && [80877103, 80877104].includes(body.readInt32BE(0))) socket.write("N")
      else if (started && columns !== undefined) socket.write(answers[tag]?.(body) ?? Buffer.alloc(0))
      else if (!started) {
        started = true
        socket.write(greeting)
      }
    }
  })
}

/** A server that lets everybody in and answers every statement with one row, or not at all. */
export const scriptedServer = (columns?: ReadonlyArray<ScriptedColumn>) => rawServer(session(columns))
