import type { SweepState, Trial } from '../trial.ts';

/** What will be searched, and where it is kept. */
export interface SweepStart {
  type: 'start';
  id: string;
  name: string;
  /** Absolute path. */
  directory: string;
  /** The session goes on with a sweep that had begun before, and that has so many trials already. */
  isResumed: boolean;
  trials: number;
  /** Trials in all; undefined where nothing says so. */
  total: number | undefined;
  cores: number;
  /** Trials side by side, at most. */
  sideBySide: number;
  /** Where they are trained, if not on the cores of this machine. */
  where?: string;
  metric: { name: string; goal: 'minimize' | 'maximize' };
}

/** A trial has begun, or goes on. */
export interface SweepTrialStart {
  type: 'trial';
  trial: Trial;
}

/** One run under way. */
export interface RunningTrial {
  trial: number;
  /** Number of the run among the trial's, from 0: seed after seed, each with all its folds. */
  replicate: number;
  workers: number;
  step: number;
  /** Where this part of it ends. */
  toStep: number;
  loss: number | undefined;
  /** The metric at the latest rung; null before the first. */
  value: number | null;
  /** Who trains it, if not this process. */
  agent?: string;
}

/** The state of affairs, some five times a second. */
export interface SweepProgress {
  type: 'progress';
  running: readonly RunningTrial[];
  queued: number;
  /** Trials that have come to an end. */
  ended: number;
  /** Epochs or steps trained by all trials (without early termination: trials), and what is expected in all. */
  done: number;
  expected: number | undefined;
  /** Of this session. */
  seconds: number;
  secondsLeft: number | undefined;
}

/** A trial was promoted from a rung, or stopped there: `reason` says why. */
export interface SweepDecision {
  type: 'decision';
  decision: 'promote' | 'stop';
  reason: string;
  trial: Trial;
}

/** A trial has come to a rung or to its end; also one that failed, diverged or is a duplicate. */
export interface SweepTrialEnd {
  type: 'result';
  trial: Trial;
}

/** One run of a trial, of one seed or fold, has come to a rung or to its end. */
export interface SweepRunEnd {
  type: 'run';
  trial: number;
  /** Number of the run among the trial's: seed after seed, each with all its folds. */
  replicate: number;
  status: 'reached' | 'diverged' | 'failed';
  /** The sweep's metric, summarised as the file says; null unless reached. */
  value: number | null;
  seconds: number;
}

/** A trial is better than all before it. */
export interface SweepBest {
  type: 'best';
  trial: Trial;
}

/** Something that the user should know, and that ends nothing. */
export interface SweepWarning {
  type: 'warning';
  /** Of the run that warns, or the sweep's own: W_TORN_LINE, W_RETRY, W_ARRIVAL. */
  code: string;
  message: string;
  trial?: number;
}

/** The last event of a sweep. */
export interface SweepEnd {
  type: 'end';
  summary: SweepSummary;
}

/** What a sweep does, as it does it: the iteration of a `SweepRun` gives these. */
export type SweepEvent =
  | SweepStart
  | SweepTrialStart
  | SweepProgress
  | SweepDecision
  | SweepRunEnd
  | SweepTrialEnd
  | SweepBest
  | SweepWarning
  | SweepEnd;

/** How a sweep, or a session of it, ended. */
export interface SweepSummary extends SweepState {
  /** Why it ended: every trial is done, the budget is spent, the target is reached, it was interrupted. */
  reason: string;
  /** Trials that failed; then the command ends with 82. */
  failed: number;
  /** Wall time of this session, and of all. */
  seconds: number;
  totalSeconds: number;
}
