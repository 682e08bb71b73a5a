/** Collects what is wrong while values are read, so that all of it is reported together. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { InvalidVariable } from "../DatabaseConfigError.ts"
import type { ConfigProblem } from "../DatabaseConfigError.ts"
import type { UrlParts } from "./connectionUrl.ts"
import type { Setting } from "./settings.ts"
import type { Found } from "./variables.ts"

/** A value with the name under which it was given, for messages. */
export interface Text {
  readonly variable: string
  readonly text: string
}

/** The places where a value may stand, in the order in which they win. */
export interface Places {
  /** In code: the option's name and value. */
  readonly option?: readonly [name: string, value: string | undefined]
  /** In the URL: the parameter's name, as libpq calls it, and value. */
  readonly part?: readonly [name: string, value: string | undefined]
  readonly found?: Found | undefined
}

export class Reader {
  readonly problems: Array<ConfigProblem> = []
  urlVariable: string
  url: UrlParts = {}
  /** Whether there is a URL, readable or not. */
  hasUrl = false

  constructor(urlVariable: string) {
    this.urlVariable = urlVariable
  }

  /** Takes what an effect found, and keeps its problem when it failed. */
  keep<A, R>(effect: Effect.Effect<A, ConfigProblem, R>): Effect.Effect<A | undefined, never, R> {
    return Effect.match(effect, {
      onFailure: (problem) => {
        this.problems.push(problem)
        return undefined
      },
      onSuccess: (value) => value
    })
  }

  invalid(name: string, problem: string, accepted: string): undefined {
    this.problems.push(new InvalidVariable({ variable: name, problem, accepted }))
    return undefined
  }

  /** Whether what was given under this name has been complained of. */
  hasProblem(name: string): boolean {
    return this.problems.some((problem) => problem.variable === name)
  }

  text({ found, option, part }: Places): Text | undefined {
    if (option?.[1] !== undefined) return { variable: option[0], text: option[1] }
    if (part?.[1] !== undefined) return { variable: `${this.urlVariable} (${part[0]})`, text: part[1] }
    return found && { variable: found.variable, text: Redacted.value(found.value) }
  }

  parse<A>(text: Text | undefined, setting: Pick<Setting<A>, "parse" | "accepted" | "default">): A {
    if (text === undefined) return setting.default
    const value = setting.parse(text.text)
    if (value !== undefined) return value
    this.invalid(text.variable, "is not accepted", setting.accepted)
    return setting.default
  }
}
