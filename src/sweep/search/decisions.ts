import type { OverEntry, RungEntry, TrialEntry } from '../journal/entries.ts';
import type { SweepSettings } from '../schema.ts';

/** A decision of the search. */
export type Decision = TrialEntry | RungEntry | OverEntry;

/** A trial's training from one rung to the next, on all its seeds. */
export interface Job {
  trial: number;
  rung: number;
  /** Epochs or steps at the rung. */
  resource: number;
  isLast: boolean;
  /** When it ends on the logical clock, and its place among all jobs. */
  priority: readonly [end: number, index: number];
}

/** What became of a job. */
export interface Result {
  status: 'reached' | 'diverged' | 'failed';
  /** As the metric has it, mean over the seeds; undefined unless reached. */
  value: number | undefined;
  /** The metric at all evaluations so far, likewise. */
  points: readonly number[];
}

const MOST_LANES = 16;
const LEAST_LANES = 4;
/** A search that learns waits for four in five of its trials' results. */
const SHARE_UNKNOWN = 5;

/**
 * How many jobs may be under way on the logical clock. More use more cores, fewer let decisions know more. A function of the file alone,
 * never of the machine, and written to the log, so that a sweep replays on any.
 */
export function lanesOf({
  method,
  run_cap: runCap,
  execution: { lanes },
}: Pick<SweepSettings, 'method' | 'run_cap' | 'execution'>): number {
  if (lanes !== 'auto') return lanes;
  if (method !== 'tpe' && method !== 'cmaes') return MOST_LANES;
  return Math.min(MOST_LANES, Math.max(LEAST_LANES, Math.ceil((runCap ?? MOST_LANES * SHARE_UNKNOWN) / SHARE_UNKNOWN)));
}
