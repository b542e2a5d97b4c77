import type { SweepSettings } from './schema.ts';
import type { ParameterValue } from './value.ts';

/** What a trial sets: dotted keys of the experiment (a zip's members included), only those whose `when` holds. */
export type Assignment = Readonly<Record<string, ParameterValue>>;

/** What has become of a trial; pruned: stopped early, duplicate: an earlier one has the same experiment. */
export type TrialStatus = 'queued' | 'running' | 'paused' | 'finished' | 'pruned' | 'diverged' | 'failed' | 'duplicate';

/** One point of a trial's curve: the sweep's metric at an evaluation. */
export interface CurvePoint {
  step: number;
  epoch: number;
  value: number;
}

/** A trial as the log tells it. */
export interface Trial {
  /** From 0, in the order of suggestion. */
  number: number;
  assignment: Assignment;
  /** enqueue | the sampler's name */
  origin: string;
  status: TrialStatus;
  /** The sweep's metric, summarised as the file says and averaged over the seeds and folds; null without a result. */
  value: number | null;
  /** One value a run: of each seed, or of its folds one after the other. */
  values: readonly number[];
  /** 95 % interval of the mean over the values, and their standard deviation; undefined of one. */
  interval?: readonly [number, number];
  std?: number;
  /** sha256 of the parameters that each run has come to. */
  digests: readonly string[];
  curve: readonly CurvePoint[];
  /** Highest rung reached and the resource (epochs or steps) trained, with early termination. */
  rung?: number;
  resource?: number;
  /** Why it was promoted, stopped, failed: newest last. */
  reasons: readonly string[];
  /** Number of the trial with the same experiment, for a duplicate. */
  duplicateOf?: number;
  /** Run directories relative to the sweep's, one a value. */
  runs: readonly string[];
  /** Attempts that failed. */
  retries: number;
  seconds: number;
}

/** A sweep as its directory tells it. */
export interface SweepState {
  id: string;
  name: string;
  directory: string;
  status: 'running' | 'finished' | 'interrupted' | 'failed';
  settings: SweepSettings;
  trials: readonly Trial[];
  /** Number of the best trial. */
  best?: number;
}
