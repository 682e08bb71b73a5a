/** A result in words for people, and in numbers for programs. */
import type { FaultCounts } from "./FaultProxy.ts"
import type { Result, RunOptions } from "./Run.ts"

/** Nothing lost, nothing twice, nothing unknown, nothing left open. */
export const passed = ({ duplicated, left, lost, unknown }: Result): boolean =>
  lost === 0 && duplicated === 0 && unknown === 0 && left.length === 0

export const counts = ({ acknowledged, duplicated, failed, lost, operations, seconds, unknown }: Result) => ({
  operations,
  acknowledged,
  failed,
  unknown,
  lost,
  duplicated,
  seconds
})

/** The command that runs the same again. */
export const replay = ({ operations, restarts, seed, workers }: RunOptions & { readonly restarts: number }): string =>
  `npm run exactly-once -- --operations ${operations} --workers ${workers} --seed ${seed}` +
  (restarts > 0 ? ` --restarts ${restarts}` : "")

const number = (value: number): string => value.toLocaleString("en")

const faultLines = ({ byKind, connections, faults, inCommit }: FaultCounts): ReadonlyArray<string> => [
  `${number(faults)} faults on ${number(connections)} connections, ${number(inCommit)} of them between a COMMIT and its answer`,
  ...(["cut", "reset", "stall"] as const).map(
    (kind) =>
      `  ${kind.padEnd(6)}${number(byKind[kind].request)} on requests, ${number(byKind[kind].answer)} on answers`
  )
]

export const summary = (result: Result, options: RunOptions & { readonly restarts: number }): string => {
  const { acknowledged, duplicated, failed, faults, findings, left, lost, operations, reasons, seconds, unknown } =
    result
  const restarts = options.restarts > 0 ? `, the server killed ${options.restarts} times` : ""
  return [
    ...faultLines(faults),
    `${number(operations)} operations by ${options.workers} workers in ${seconds.toFixed(1)} s (${number(Math.round(operations / seconds))} a second)${restarts}`,
    ...Object.entries({ acknowledged, failed, unknown, lost, duplicated }).map(
      ([name, count]) => `  ${name.padEnd(13)}${number(count)}`
    ),
    ...(unknown > 0 ? [`${number(result.unknownApplied)} of the unknown took effect`] : []),
    ...reasons.map(([name, count]) => `  ${number(count)} x ${name}`),
    ...findings,
    ...left.map((what) => `left behind: ${what}`),
    passed(result) ? `Exactly once. Seed ${options.seed}.` : `Not exactly once. To run it again:\n  ${replay(options)}`
  ].join("\n")
}
