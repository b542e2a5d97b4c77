import type { SplitName } from '../../data/dataset.ts';
import type { StepRecord } from '../../engine/coordinator/engine.ts';
import type { RunProgress, Summary } from '../events.ts';
import type { WatchState } from './watch.ts';

/** Sums over the steps of the epoch under way. */
export interface EpochSums {
  loss: number;
  weight: number;
  correct: number;
  rows: number;
}

export const NO_SUMS: Readonly<EpochSums> = { loss: 0, weight: 0, correct: 0, rows: 0 };

/** All that decides what a recorder will write from a step on; plain data, kept in checkpoints. */
export interface RecorderState {
  step: number;
  last: Record<string, number | null>;
  best: Summary['best'];
  evaluatedAt: [SplitName, number][];
  evaluation: RunProgress['evaluation'] | null;
  confusion: Summary['confusion'] | null;
  epoch: EpochSums;
  recent: StepRecord[];
  watch: WatchState;
  /** Events told so far. */
  events: number;
  seconds: number;
  samples: number;
  /** Bytes of the files. */
  metricsBytes: number;
  digestsBytes: number;
}
