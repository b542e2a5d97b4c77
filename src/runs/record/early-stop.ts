import type { Experiment } from '../../config/schema/schema.ts';

type EarlyStopConfig = NonNullable<Experiment['train']['early_stop']>;

/** What early stopping remembers; plain data, kept in checkpoints. */
export interface EarlyStopState {
  /** undefined before the first value. */
  best: number | undefined;
  /** Evaluations without improvement since. */
  stale: number;
}

/** Early stopping after each evaluation: patience counts evaluations without improvement of more than min_delta. */
export class EarlyStop {
  readonly config: EarlyStopConfig;
  state: EarlyStopState = { best: undefined, stale: 0 };

  constructor(config: EarlyStopConfig) {
    this.config = config;
  }

  /** Takes an evaluation's value. A value that is not a number is no improvement. */
  take(value: number): 'improved' | 'stale' | 'stop' {
    const { goal, min_delta: delta, patience } = this.config;
    const { best, stale } = this.state;
    const gain = goal === 'minimize' ? (best ?? value) - value : value - (best ?? value);
    if (gain > delta || (best === undefined && !Number.isNaN(value))) {
      this.state = { best: value, stale: 0 };
      return 'improved';
    }
    this.state = { best, stale: stale + 1 };
    return stale + 1 >= patience ? 'stop' : 'stale';
  }
}
