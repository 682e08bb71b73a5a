/** A result in words for people, and in numbers for programs. */
import type { Result, SoakOptions } from "./Run.ts"

/** Nobody saw another's context, nothing is left, and every session ended as it was to. */
export const passed = ({ leakedConnections, ledger, sessions }: Result): boolean =>
  ledger.mismatches === 0 && ledger.unexpected === 0 && leakedConnections === 0 && ledger.ended === sessions

export const counts = ({ ledger, ...result }: Result) => ({
  sessions: result.sessions,
  committed: ledger.committed,
  rolledBack: ledger.rolledBack,
  interrupted: ledger.interrupted,
  mismatches: ledger.mismatches,
  leakedConnections: result.leakedConnections,
  residentBytesStart: result.residentBytesStart,
  residentBytesEnd: result.residentBytesEnd
})

const number = (value: number): string => value.toLocaleString("en")

export const summary = (result: Result, { seed }: SoakOptions): string => {
  const { ledger, seconds, sessions } = result
  return [
    `${number(sessions)} sessions in ${seconds.toFixed(1)} s (${number(Math.round(sessions / seconds))} a second)`,
    ...Object.entries(counts(result)).map(([name, count]) => `  ${name.padEnd(19)}${number(count)}`),
    `  ${number(result.heldBytesStart)} bytes were held at the start, ${number(result.heldBytesEnd)} at the end`,
    ...(ledger.unexpected === 0 ? [] : [`${number(ledger.unexpected)} ended otherwise than they were to`]),
    ...ledger.findings,
    passed(result)
      ? `No session saw another's context, and nothing is left. Seed ${seed}.`
      : `To run it again:\n  npm run soak -- --sessions ${sessions} --seed ${seed}`
  ].join("\n")
}
