import type { SweepFold } from '../replay/state.ts';
import { budgetOf, lengthOf } from '../schedulers/budget.ts';
import type { SweepSettings } from '../schema.ts';
import type { RunningTrial, SweepProgress } from './events.ts';

/** How far a sweep is, and how long it may take. */
export class Progress {
  readonly #settings: SweepSettings;
  readonly #fold: SweepFold;
  readonly #expected: number | undefined;
  /** What the sessions before had done, in the unit of `expected`. */
  readonly #doneBefore: number;

  /** @param total  trials in all */
  constructor(settings: SweepSettings, fold: SweepFold, total: number | undefined) {
    const stopping = settings.early_terminate;
    this.#settings = settings;
    this.#fold = fold;
    this.#expected = total === undefined || stopping.type === 'none' ? total : budgetOf(stopping, total, lengthOf(stopping)).total;
    this.#doneBefore = this.#done();
  }

  /** @param seconds  of the session */
  at(seconds: number, running: readonly RunningTrial[], queued: number): SweepProgress {
    const { ended } = this.#fold.standing;
    const expected = this.#expected;
    const done = this.#done();
    const rate = (done - this.#doneBefore) / seconds;
    const secondsLeft = expected === undefined || rate <= 0 ? undefined : Math.max(0, expected - done) / rate;
    return { type: 'progress', running, queued, ended, done, expected, seconds, secondsLeft };
  }

  /** Epochs or steps trained; without early termination trials that have ended. */
  #done(): number {
    const { ended, resource } = this.#fold.standing;
    return this.#settings.early_terminate.type === 'none' ? ended : resource;
  }
}
