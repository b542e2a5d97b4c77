import type { Experiment } from '../../config/schema/schema.ts';

type EarlyStopConfig = NonNullable<Experiment['train']['early_stop']>;

/** What early stopping remembers; plain data, kept in checkpoints. */
export interface EarlyStopState {
  /** undefined before the first value. */
  best: number | undefined;
  /** Evaluations without improvement since. */
  stale: number;
}

export const EARLY_STOP_START: EarlyStopState = { best: undefined, stale: 0 };

/**
 * The state after one more evaluation: patience counts evaluations without improvement of more than min_delta. A value that is not a number
 * is no improvement.
 */
export function earlyStopNext(
  { goal, min_delta: delta, patience }: Pick<EarlyStopConfig, 'goal' | 'min_delta' | 'patience'>,
  { best, stale }: EarlyStopState,
  value: number,
): { state: EarlyStopState; outcome: 'improved' | 'stale' | 'stop' } {
  const gain = goal === 'minimize' ? (best ?? value) - value : value - (best ?? value);
  if (gain > delta || (best === undefined && !Number.isNaN(value))) return { state: { best: value, stale: 0 }, outcome: 'improved' };
  return { state: { best, stale: stale + 1 }, outcome: stale + 1 >= patience ? 'stop' : 'stale' };
}
