import type { SplitName } from '../../data/dataset.ts';
import type { StepRecord } from '../../engine/coordinator/engine.ts';
import type { RunProgress, Summary } from '../events.ts';
import type { LineLengths } from './line-writer.ts';
import { NOTHING_SPENT, type PaceState } from './pace.ts';
import type { TellerState } from './teller.ts';
import { WATCH_START, type WatchState } from './watch.ts';

/** Sums over the steps of the epoch under way. */
export interface EpochSums {
  loss: number;
  weight: number;
  correct: number;
  rows: number;
}

export const NO_SUMS: Readonly<EpochSums> = { loss: 0, weight: 0, correct: 0, rows: 0 };

/** All that decides what a recorder will write from a step on; plain data, kept in checkpoints. */
export interface RecorderState extends TellerState, PaceState, LineLengths {
  /** Updates done, or left out. */
  step: number;
  /** The last value of every metric, by dotted name. */
  last: Record<string, number | null>;
  best: Summary['best'];
  /** Step at which each split was last evaluated. */
  evaluatedAt: [SplitName, number][];
  /** The latest one of the raw parameters. */
  evaluation: RunProgress['evaluation'] | null;
  confusion: Summary['confusion'] | null;
  epoch: EpochSums;
  /** The last steps, the latest last. */
  recent: StepRecord[];
  watch: WatchState;
}

/** Before the first step. */
export const RECORDER_START: Readonly<RecorderState> = {
  step: 0,
  last: {},
  best: {},
  evaluatedAt: [],
  evaluation: null,
  confusion: null,
  epoch: NO_SUMS,
  recent: [],
  watch: WATCH_START,
  events: 0,
  seconds: 0,
  samples: 0,
  spent: NOTHING_SPENT,
  metricsBytes: 0,
  digestsBytes: 0,
};
