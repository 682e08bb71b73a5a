import { NodeCrypto } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { createHmac } from "node:crypto"
import { inspect } from "node:util"
import * as ScramVerifier from "../../src/credential/ScramVerifier.ts"
import { freshClient } from "../support/Database.ts"

// RFC 7677, section 3.
const rfcSalt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64")
const rfcNonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
const rfcMessage = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${rfcNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${rfcNonce}`
const rfcSignature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

const pencil =
  "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$" +
  "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

layer(NodeCrypto.layer)("ScramVerifier", (it) => {
  it.effect("derives the server key that signs the exchange of RFC 7677", () =>
    Effect.gen(function* () {
      const verifier = yield* ScramVerifier.make(Redacted.make("pencil"), { salt: rfcSalt })
      const signature = createHmac("sha256", Redacted.value(verifier.serverKey)).update(rfcMessage).digest("base64")
      assert.strictEqual(signature, rfcSignature)
      assert.strictEqual(Redacted.value(ScramVerifier.format(verifier)), pencil)
    })
  )

  it.effect("takes a fresh salt of 16 bytes and 4096 iterations when nothing is said", () =>
    Effect.gen(function* () {
      const first = yield* ScramVerifier.make(Redacted.make("pencil"))
      const second = yield* ScramVerifier.make(Redacted.make("pencil"))
      assert.strictEqual(first.salt.length, 16)
      assert.strictEqual(first.iterations, 4096)
      assert.notDeepEqual(first.salt, second.salt)
    })
  )

  it.effect("matches the password that it was made from and no other", () =>
    Effect.gen(function* () {
      const verifier = yield* ScramVerifier.parse(Redacted.make(pencil))
      assert.isTrue(yield* ScramVerifier.matches(Redacted.make("pencil"), verifier))
      assert.isFalse(yield* ScramVerifier.matches(Redacted.make("Pencil"), verifier))
      assert.isFalse(yield* ScramVerifier.matches(Redacted.make(""), verifier))
    })
  )

  it.effect("does not match when only one of the two keys is right", () =>
    Effect.gen(function* () {
      const verifier = yield* ScramVerifier.parse(Redacted.make(pencil))
      const half = { ...verifier, serverKey: verifier.storedKey }
      assert.isFalse(yield* ScramVerifier.matches(Redacted.make("pencil"), half))
    })
  )

  it.effect("reads back what it writes, with other iteration counts too", () =>
    Effect.gen(function* () {
      const verifier = yield* ScramVerifier.make(Redacted.make("pencil"), { iterations: 7 })
      const again = yield* ScramVerifier.parse(ScramVerifier.format(verifier))
      assert.strictEqual(again.iterations, 7)
      assert.isTrue(yield* ScramVerifier.matches(Redacted.make("pencil"), again))
    })
  )

  it.effect("refuses what is no verifier without quoting it", () =>
    Effect.gen(function* () {
      const texts = [
        "",
        "md5planted",
        "planted",
        pencil.replace("4096", "0"),
        pencil.replace("4096", "99999999999"),
        pencil.replace("4096", "+4096"),
        pencil.slice(0, -4),
        `${pencil}\n`,
        ` ${pencil}`,
        pencil.replace("SHA-256", "SHA-1")
      ]
      for (const text of texts) {
        const error = yield* Effect.flip(ScramVerifier.parse(Redacted.make(text)))
        assert.strictEqual(error.reason._tag, "InvalidVerifier", text)
        assert.notInclude(inspect(error, { depth: 9 }) + JSON.stringify(error), "planted")
      }
    })
  )

  it.effect("refuses a password whose bytes depend on whether a client applies SASLprep", () =>
    Effect.gen(function* () {
      const changed = [
        "",
        "a\0b",
        "half \uD83D",
        "pa\u0308ss",
        "ﬁ",
        "Ⅸ",
        "soft\u00ADhyphen",
        "no\u00A0break",
        "\u1680",
        "x\u200B",
        "\uFE0F"
      ]
      for (const password of changed) {
        const error = yield* Effect.flip(ScramVerifier.make(Redacted.make(password)))
        assert.strictEqual(error.reason._tag, "InvalidPassword", inspect(password))
      }
      for (const password of ["pässword", "пароль", "密码", "tab\there", "~!@#$%^&*()'\"\\", "🔑"]) {
        const verifier = yield* ScramVerifier.make(Redacted.make(password))
        assert.isTrue(yield* ScramVerifier.matches(Redacted.make(password), verifier))
      }
    })
  )

  it.effect("shows neither key when it is printed", () =>
    Effect.gen(function* () {
      const verifier = yield* ScramVerifier.parse(Redacted.make(pencil))
      const rendered =
        inspect({ verifier, text: ScramVerifier.format(verifier) }, { depth: 9 }) + JSON.stringify(verifier)
      assert.include(rendered, "redacted")
      assert.notInclude(rendered, "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=")
      assert.notMatch(rendered, /58 6e 5d|88, *110, *93/)
    })
  )
})

layer(Layer.merge(NodeCrypto.layer, freshClient()), { excludeTestServices: true })(
  "ScramVerifier and the server's own SASLprep",
  (it) => {
    it.effect("agree on every password that is accepted, also where the server falls back to the raw bytes", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const accepted = [
          "pencil",
          "\u0001\t\u007F",
          "pässwörd",
          "密码",
          "unassigned in Unicode 3.2 🔑",
          "both directions \u05D0 a",
          "private use \uE000",
          "control \u0085",
          "replacement \uFFFD"
        ]
        for (const password of accepted) {
          yield* ScramVerifier.make(Redacted.make(password))
          yield* sql.withTransaction(
            Effect.gen(function* () {
              yield* sql.unsafe(`CREATE ROLE saslprep PASSWORD '${password}'`)
              const [row] = yield* sql<{ verifier: string }>`
                SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = 'saslprep'`
              const verifier = yield* ScramVerifier.parse(Redacted.make(row?.verifier ?? ""))
              assert.isTrue(yield* ScramVerifier.matches(Redacted.make(password), verifier), password)
              yield* sql`DROP ROLE saslprep`
            })
          )
        }
      })
    )
  }
)
