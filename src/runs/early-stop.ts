import type { Experiment } from '../config/schema.ts';

type EarlyStopConfig = NonNullable<Experiment['train']['early_stop']>;

/** Early stopping after each evaluation: patience counts evaluations without improvement of more than min_delta. */
export class EarlyStop {
  readonly config: EarlyStopConfig;
  #best: number | undefined;
  #stale = 0;

  constructor(config: EarlyStopConfig) {
    this.config = config;
  }

  /** Takes an evaluation's value. A value that is not a number is no improvement. */
  take(value: number): 'improved' | 'stale' | 'stop' {
    const { goal, min_delta: delta, patience } = this.config;
    const gain = goal === 'minimize' ? (this.#best ?? value) - value : value - (this.#best ?? value);
    if (gain > delta || (this.#best === undefined && !Number.isNaN(value))) {
      this.#best = value;
      this.#stale = 0;
      return 'improved';
    }
    this.#stale++;
    return this.#stale >= patience ? 'stop' : 'stale';
  }
}
