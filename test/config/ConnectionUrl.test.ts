import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { load, passwordOf, problems } from "./support.ts"

const accepted: ReadonlyArray<readonly [url: string, what: string, parts: object, password?: string]> = [
  ["postgresql://u@h/d", "the long protocol", { host: "h", username: "u", database: "d", port: 5432 }],
  ["POSTGRES://u@h/d", "capitals in the protocol", { host: "h" }],
  ["postgres://u:p@[::1]:5433/d", "an IPv6 address", { host: "::1", port: 5433 }, "p"],
  ["postgres://u@[fe80::1%25eth0]/d", "an IPv6 address with its zone", { host: "fe80::1%eth0" }],
  [
    "postgres:///d?host=/run/postgresql&user=u",
    "a Unix socket in a parameter",
    { host: "/run/postgresql", database: "d" }
  ],
  [
    "postgres://u:p@/d?host=/cloudsql/a:b:c",
    "a login before an empty host",
    { host: "/cloudsql/a:b:c", username: "u" },
    "p"
  ],
  ["postgres://u@%2Frun%2Fpostgresql/d", "a Unix socket in place of the host", { host: "/run/postgresql" }],
  ["postgres://u%40corp:p%2F%3F%23%3A%40%25@h/d%2F1", "escapes", { username: "u@corp", database: "d/1" }, "p/?#:@%"],
  ["postgres://u:a:b@c@h/d", "colons and at signs in a password", { username: "u", host: "h" }, "a:b@c"],
  ["postgres://u@h/d?password=a+b%2Bc", "a plus sign, which is no space", {}, "a+b+c"],
  ["postgres://u:pässwörd@h/d", "letters beyond ASCII", {}, "pässwörd"],
  ["postgres://h?dbname=d&user=u&port=6000", "parameters for everything", { database: "d", username: "u", port: 6000 }],
  ["postgres://u@h/d?options=-c%20geqo%3Doff", "startup options", { startupOptions: "-c geqo=off" }],
  ["  postgres://u@h/d\n", "white space around it", { host: "h", database: "d" }]
]

for (const [url, what, parts, password] of accepted) {
  it.effect(`A URL may have ${what}`, () =>
    Effect.gen(function* () {
      const read = yield* load({ DATABASE_URL: url })
      assert.deepInclude(read, parts)
      if (password !== undefined) assert.strictEqual(passwordOf(read), password)
    })
  )
}

const refused: ReadonlyArray<readonly [url: string, what: string, said: string]> = [
  ["hello", "that is none", "is not a URL"],
  ["postgres:u", "without slashes", "is not a URL"],
  ["host=h user=u password=hunter2", "in libpq's key and value form", "is not a URL"],
  ["mysql://u:hunter2@h/d", "of another protocol", "does not begin with postgres://"],
  ["postgres://u:hunter2%zz@h/d", "with a bad percent sign in the password", "percent sign"],
  ["postgres://u@h/d?options=%zz", "with a bad percent sign in a parameter", "percent sign"],
  ["postgres://u@h/d?sslmod=verify-full", "with a misspelt parameter", "not known (number 1; did you mean sslmode?)"],
  ["postgres://u@h/d?SSLMODE=require", "with a parameter in capitals", "(number 1; did you mean sslmode?)"],
  ["postgres://u@h/d?pool=hunter2", "with a parameter that is near to nothing", "(number 1; known are host, port, "],
  ["postgres://u@h/d?schema=hunter2", "with Prisma's schema", "give options=-c%20search_path%3Dapp"],
  ["postgres://u@h/d?sslmode=require&hunter2", "with a parameter that may be part of a password", "(number 2"],
  [
    "postgres://u@h/d?target_session_attrs=any",
    "with a parameter of libpq's that is not taken",
    `"target_session_attrs"`
  ],
  ["postgres://u@h/d?sslmode", "with a parameter without a value", `"sslmode", without a value`],
  ["postgres://u@a,b/d", "with several hosts", "several hosts"],
  ["postgres://u@a:1,b:2/d", "with several hosts and ports", "several hosts"],
  ["postgres://u@h:port/d", "with a port that is no number", "port"],
  ["postgres://u@::1/d", "with an IPv6 address without brackets", "brackets"],
  ["postgres://u:12#hunter2@h/d", "with an unescaped # in the password", "%23"],
  ["postgres://u:12/hunter2@h/d", "with an unescaped / in the password", "%2F"],
  ["postgres://u:12?hunter2@h/d", "with an unescaped ? in the password", "not known"],
  ["postgres://u@h/d#hunter2", "with a fragment", "%23"]
]

for (const [url, what, said] of refused) {
  it.effect(`A URL ${what} is refused and not shown`, () =>
    Effect.gen(function* () {
      const { message, reasons } = yield* Effect.flip(load({ DATABASE_URL: url }))
      assert.deepStrictEqual(
        reasons.map(({ _tag }) => _tag),
        ["InvalidVariable"]
      )
      assert.include(message, "DATABASE_URL")
      assert.include(message, said)
      assert.notInclude(message, "hunter2")
    })
  )
}

it.effect("A port of 0 or above 65535 is refused wherever it stands", () =>
  Effect.gen(function* () {
    for (const url of ["postgres://u@h:0/d", "postgres://u@h:65536/d", "postgres://u@h/d?port=99999"]) {
      assert.deepStrictEqual(yield* problems({ DATABASE_URL: url }), [["InvalidVariable", "DATABASE_URL (port)"]])
    }
  })
)

it.effect("TLS is not asked of a Unix socket, whatever the mode is", () =>
  Effect.gen(function* () {
    const read = yield* load({ DATABASE_URL: "postgres://u@/d?host=/run/pg&sslmode=verify-full" })
    assert.strictEqual(read.sslMode, "disable")
  })
)

for (const mode of ["disable", "prefer", "require", "verify-ca", "verify-full"] as const) {
  it.effect(`sslmode=${mode} is taken from the URL and from PGSSLMODE`, () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* load({ DATABASE_URL: `postgres://u@h/d?sslmode=${mode}` })).sslMode, mode)
      assert.strictEqual((yield* load({ PGUSER: "u", PGSSLMODE: mode })).sslMode, mode)
    })
  )
}
