import { MixedScheduler } from "effect/Scheduler"

/**
 * When what is to be sent is written. Where a pool is busy, that is when the event loop
 * has read all sockets: many writes in a row, and many answers in a row, wake client and
 * server less often.
 */
export class Turns {
  readonly #isBusy: () => boolean
  readonly #dispatcher = new MixedScheduler().makeDispatcher()

  constructor(isBusy: () => boolean) {
    this.#isBusy = isBusy
  }

  /** Whether a write has to wait for `next`. */
  get areTaken(): boolean {
    return this.#isBusy()
  }

  /** Runs `write` when all sockets have been read. */
  next(write: () => void): void {
    this.#dispatcher.scheduleTask(write, 0)
  }
}
