/**
 * What a command has to say. It is said once, when the command has ended, so that
 * with `--json` standard output holds exactly one document whatever happens.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"

/** What `pgkeel` exits with. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodes = {
  /** Done, or nothing to do. */
  done: 0,
  failed: 1,
  /** Wrong usage or configuration. Nothing was changed. */
  usage: 2,
  /** `status --check` found migrations that are pending. */
  pending: 3,
  /** `schema verify` and `schema diff` found two schemas that are not the same. */
  drift: 4,
  /** Another migrator held the lock for as long as the caller was willing to wait. */
  locked: 5,
  /** By Ctrl-C or SIGTERM: 128 and the number of SIGINT, as shells count. */
  interrupted: 130
} as const

export const { interrupted } = exitCodes

/** A value of the JSON that a command prints. */
export type Json =
  | string
  | number
  | boolean
  | null
  | undefined
  | ReadonlyArray<Json>
  | { readonly [name: string]: Json }

export interface Answer {
  readonly code: ExitCode
  /** The document of `--json`. */
  readonly json: { readonly [name: string]: Json }
  /** The same for a person. */
  readonly text: string
  /** Where the text goes; the document always goes to standard output. */
  readonly to: "stdout" | "stderr"
  /** It is what was asked for, to the letter: nothing in it is hidden that looks like a password. */
  readonly verbatim?: boolean
}

/** Keeps what a command says until it has ended. */
export class Reply extends Context.Service<
  Reply,
  {
    /** The command's answer. The last one is printed. */
    readonly give: (answer: Answer) => Effect.Effect<void>
    readonly given: Effect.Effect<Answer | undefined>
    /** What has been done so far, for a command that does not come to its end. */
    readonly note: (field: string, entry: Json) => Effect.Effect<void>
    readonly notes: Effect.Effect<Notes>
    /** The place in a file at which a command failed. */
    readonly point: (excerpt: string | undefined) => Effect.Effect<void>
    readonly excerpt: Effect.Effect<string | undefined>
  }
>()("pgkeel/cli/Reply") {
  static readonly make = Effect.gen(function* () {
    const answer = yield* Ref.make<Answer | undefined>(undefined)
    const notes = yield* Ref.make<Notes>({})
    const excerpt = yield* Ref.make<string | undefined>(undefined)
    return Reply.of({
      give: (given) => Ref.set(answer, given),
      given: Ref.get(answer),
      note: (field, entry) =>
        Ref.update(notes, (before) => ({ ...before, [field]: [...(before[field] ?? []), entry] })),
      notes: Ref.get(notes),
      point: (text) => Ref.set(excerpt, text),
      excerpt: Ref.get(excerpt)
    })
  })
}

export type Notes = { readonly [field: string]: ReadonlyArray<Json> }

/** A command that has come to its end. */
export const done = (json: Answer["json"], text: string): Answer => ({
  code: exitCodes.done,
  json: { ok: true, ...json },
  text,
  to: "stdout"
})

/** Makes a command's handler of an effect that says what to answer. */
export const answering = <E, R>(effect: Effect.Effect<Answer, E, R>): Effect.Effect<void, E, R | Reply> =>
  Effect.flatMap(effect, (answer) => Reply.use(({ give }) => give(answer)))
