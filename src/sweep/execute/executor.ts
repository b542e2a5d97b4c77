import type { Experiment } from '../../config/schema/schema.ts';
import type { Blame } from '../../errors.ts';
import type { Fence } from '../../storage/atomic.ts';
import type { Fault } from '../journal/fault.ts';
import type { Assignment, CurvePoint } from '../trial.ts';

/**
 * One replicate of a trial, from where it stands to the next rung: all that anybody needs to train it, wherever that is. Plain data,
 * which survives `structuredClone` and JSON, so that a queue can carry it to another process or machine.
 */
export interface TrialWork {
  trial: number;
  rung: number;
  /** Number of the run among the trial's, from 0: seed after seed, each with all its folds. */
  replicate: number;
  /** Attempts at this part of the run that failed before. */
  attempt: number;
  /** Of the run, relative to the sweep's. A checkpoint found there is gone on from, whoever has written it. */
  directory: string;
  /** Complete: with every default, and the seed of the replicate. */
  experiment: Experiment;
  /** Name of the sweep's metric. */
  metric: string;
  /** Where this part ends, from the beginning of the run on; without a unit, at the end of the experiment. */
  resource: number;
  unit?: 'epochs' | 'steps' | undefined;
  /** The run ends there. */
  isLast: boolean;
  /** The trial failed before, and is given another chance: with other data, it may be. */
  isRetried: boolean;
  /** Values of the sweep's keys, by dotted name. */
  assignment?: Assignment | undefined;
}

/** The work came to its rung, or diverged on the way. */
export interface Trained {
  status: 'reached' | 'diverged';
  /** Updates done; 0 if it diverged. */
  steps: number;
  /** The metric at all evaluations so far. */
  curve: readonly CurvePoint[];
  digest: string;
  seconds: number;
  fault?: Fault | undefined;
}

/** What the trial itself brought about: its configuration, its data, or its own worker threads. */
export interface Failed {
  status: 'failed';
  fault: Fault;
  blame: Exclude<Blame, 'machine'>;
  seconds: number;
}

/** What came of a work; `paused`: the signal stopped it where it can go on later. Plain data, as the work is. */
export type Outcome = Trained | Failed | { status: 'paused' };

/** What is told of a work under way. For people only: it may come late, twice or never, and nothing is built on it. */
export type WorkReport =
  | { type: 'progress'; step: number; toStep: number; loss?: number | undefined; by?: Trainer | undefined }
  | { type: 'warning'; code: string; message: string };

/** Who trains a work, if not this process. */
export interface Trainer {
  agent: string;
  workers: number;
}

/** Why a signal is aborted: nobody wants the outcome any more. Without it the work is to be gone on with later. */
export const DROPPED = 'dropped';

/**
 * Who trains: this process, or others.
 *
 * A work ends at its rung, so nothing is decided while it is under way: its outcome is the report to the scheduler, and the scheduler's
 * answer is the next work, or none. Both are in the sweep's log before anything is built on them, so a decision outlives whoever asked
 * for it. And since training is a function of the experiment, a work that is done twice, because whoever did it was lost before the
 * outcome was known, comes to the same outcome: at least once is enough.
 */
export interface Executor {
  /** What there is to be shared among works. */
  readonly cores: number;
  /** Works that it takes at a time, where it shares the cores among them by itself, as many machines do; without it the session shares them. */
  readonly sideBySide?: number | undefined;
  /** Where it trains, for people; without it on this machine. */
  readonly where?: string | undefined;
  /**
   * @param cores     for this work; never changes a bit of its outcome
   * @param signal    aborted: write a checkpoint and come back as `paused`; the reason may be DROPPED
   * @param onReport  may be called until the promise settles
   * @throws GradloomError of what concerns the whole sweep, the machine's faults above all: the session ends, and goes on later
   */
  run(work: TrialWork, cores: number, signal: AbortSignal, onReport: (report: WorkReport) => void): Promise<Outcome>;
  /** Lets go of threads and connections; no work is under way. */
  close(): Promise<void>;
}

/** The sweep that an executor works for. */
export interface SweepPlace {
  id: string;
  /** Absolute path. */
  directory: string;
  /** Runs of a trial. */
  seeds: number;
  /** The session's right to write in the directory. */
  fence: Fence | undefined;
}
