/**
 * Kills a migrating process at every statement that it sends, and has another one
 * run again: the database must end as one that nobody has disturbed.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, Redacted, Path } from "effect"
import { type TemplateServices, TestDatabase, type TestDatabaseOptions } from "../../../src/testing/TestDatabase.ts"
import { type Kill, killProxy, type Moment } from "./KillProxy.ts"
import { files } from "./migrations.ts"
import { runner } from "./processes.ts"
import { migrate, type Order } from "./runner.ts"
import { databaseState } from "./state.ts"

export type Direction = Order["direction"]

export interface Point extends Kill {
  readonly direction: Direction
}

export interface Diverged extends Point {
  readonly expected: string
  readonly found: string
}

export interface SweepResult {
  readonly points: number
  readonly converged: number
  readonly diverged: ReadonlyArray<Diverged>
}

export interface SweepOptions {
  /** Which points to try, of all of them. Default: all. */
  readonly choose?: (points: ReadonlyArray<Point>) => ReadonlyArray<Point>
  readonly concurrency: number
  /** Are told how it goes on. */
  readonly tried?: (done: number, of: number) => Effect.Effect<void>
  readonly diverged?: (point: Diverged) => Effect.Effect<void>
}

/** Fresh databases: `TestDatabase.layer`, or the same on a server that runs already. */
type Databases<R> = (options?: TestDatabaseOptions<unknown, TemplateServices>) => Layer.Layer<TestDatabase, unknown, R>

const moments: ReadonlyArray<Moment> = ["before", "sent", "answered"]

export const sweep = <R>(databases: Databases<R>, options: SweepOptions) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "pgkeel-crash-" })
    const { join } = yield* Path.Path
    yield* Effect.forEach(Object.entries(files), ([name, text]) => fs.writeFileString(join(directory, name), text))
    const migrated = Effect.flatMap(TestDatabase, ({ url }) =>
      Effect.asVoid(migrate({ url: Redacted.value(url), directory, direction: "up", code: true }))
    )
    const databaseOf = {
      up: {},
      down: { template: { key: `crash sweep ${directory}`, build: migrated } }
    }
    const tryOut = (direction: Direction, kill: Kill | undefined) =>
      Effect.provide(
        Effect.scoped(trial(directory, direction, kill)),
        Layer.provideMerge(TestDatabase.layerClient, databases(databaseOf[direction])),
        { local: true }
      )
    const undisturbed = { up: yield* tryOut("up", undefined), down: yield* tryOut("down", undefined) }
    const all = (["up", "down"] as const).flatMap((direction) =>
      undisturbed[direction].statements.flatMap(({ isLast }, index) =>
        moments
          .filter((moment) => isLast || moment !== "answered")
          .map((moment): Point => ({ direction, statement: index + 1, moment }))
      )
    )
    const points = options.choose?.(all) ?? all
    let done = 0
    const outcomes = yield* Effect.forEach(
      points,
      Effect.fnUntraced(function* (point) {
        const { state } = yield* tryOut(point.direction, point)
        const outcome: Diverged = { ...point, expected: undisturbed[point.direction].state, found: state }
        if (outcome.expected !== outcome.found) yield* options.diverged?.(outcome) ?? Effect.void
        yield* options.tried?.(++done, points.length) ?? Effect.void
        return outcome
      }),
      { concurrency: options.concurrency }
    )
    const diverged = outcomes.filter(({ expected, found }) => expected !== found)
    return { points: points.length, converged: points.length - diverged.length, diverged } satisfies SweepResult
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** One run that is killed, unless `kill` is not given, and one that is not. */
const trial = (directory: string, direction: Direction, kill: Kill | undefined) =>
  Effect.gen(function* () {
    const { url } = yield* TestDatabase
    const direct: Order = { url: Redacted.value(url), directory, direction, code: true }
    const { kill: end, run } = yield* runner
    const proxy = yield* killProxy(url, kill, end)
    const { failure: disturbed } = yield* run({ ...direct, url: Redacted.value(proxy.url) })
    if (kill === undefined && disturbed !== undefined) return yield* Effect.die(new Error(disturbed))
    const failure = yield* Effect.match(migrate(direct), { onFailure: String, onSuccess: () => undefined })
    const state = yield* databaseState
    return { statements: proxy.statements(), state: failure === undefined ? state : `${failure}\n${state}` }
  })
