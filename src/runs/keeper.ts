import type { RunState } from './run-state.ts';

/** Holds on to the newest state that the run can go on from. */
export class Keeper {
  #newest: RunState | undefined;

  /** The newest state that was kept. */
  get newest(): RunState | undefined {
    return this.#newest;
  }

  /** The time for the next one has come. */
  get isDue(): boolean {
    return false;
  }

  keep(state: RunState): void {
    this.#newest = state;
  }

  /** Keeps the state at the end. */
  async keepLast(state: () => RunState): Promise<void> {
    this.keep(state());
    await Promise.resolve();
  }
}
