import type { RungDecision, Scheduler } from './scheduler.ts';

/** Every trial is trained to its end. */
export class None implements Scheduler {
  readonly #rungs: readonly number[];

  /** @param max  length of a trial */
  constructor(max: number) {
    this.#rungs = [max];
  }

  rungs(): readonly number[] {
    return this.#rungs;
  }

  start(): undefined {
    return undefined;
  }

  report(): void {
    // There is nothing to decide.
  }

  close(): void {
    // As above.
  }

  next(): RungDecision | undefined {
    return undefined;
  }

  apply(): void {
    // As above.
  }
}
