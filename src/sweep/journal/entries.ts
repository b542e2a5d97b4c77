import type { Assignment, CurvePoint } from '../trial.ts';
import type { Fault } from './fault.ts';

/**
 * 2: asha leads the best trial to its end though there are too few for the best 1/eta. 3: tpe models the trials that are not good on the
 * latest of them.
 */
export const LOG_VERSION = 3;

/** The first line: what the sweep is, for good. */
export interface SweepEntry {
  type: 'sweep';
  /** Of the rules by which it decides, so that the log of an older one replays. */
  version: 1 | 2 | typeof LOG_VERSION;
  id: string;
  name: string;
  /** Trials whose results a decision does not wait for; see trial-search.ts. */
  lanes: number;
  /** The files as they were at the start, to tell what somebody changed. */
  files: Readonly<Record<string, string>>;
}

/** What a session may do otherwise than the one before, as far as it decides what is tried. */
export interface SessionRules {
  order: 'logical' | 'arrival';
  /** Jobs under way at most, on the clock of the order. */
  lanes: number;
  run_cap?: number | undefined;
  then: 'continue' | 'stop';
  abort_after: number;
  impute: 'worst' | 'none';
}

/** A process has begun to work on the sweep. */
export interface SessionEntry {
  type: 'session';
  pid: number;
  cores: number;
  /** UTC; a label only. */
  at: string;
  /** What it decides by from here on. */
  rules?: SessionRules | undefined;
}

/** A decision. `after` of them all: how many results it knew. */
export type DecisionEntry = (TrialEntry | RungEntry | OverEntry) & { after: number };

/** A trial is suggested, and starts unless it is a duplicate or its experiment is not valid. */
export interface TrialEntry {
  type: 'trial';
  trial: number;
  assignment: Assignment;
  /** enqueue | the sampler's name */
  origin: string;
  /** Digest of all that can change its result. */
  key: string;
  duplicateOf?: number | undefined;
  fault?: Fault | undefined;
  note?: string | undefined;
}

/** A trial goes on from a rung, or is stopped there. */
export interface RungEntry {
  type: 'promote' | 'stop';
  trial: number;
  rung: number;
  reason: string;
}

/** Nothing is started any more. */
export interface OverEntry {
  type: 'over';
  cause: 'done' | 'target' | 'budget' | 'failure';
  reason: string;
  /** Trials whose part under way does not count: it ends with what they had before. */
  dropped: readonly number[];
}

/** A process takes up a trial's run; the rung says how far. Not synced: it matters to the live only. */
export interface BeginEntry {
  type: 'begin';
  trial: number;
  rung: number;
  replicate: number;
  workers: number;
}

/** A run has come to its rung, or to an end. There is one such line for each (trial, rung, replicate). */
export interface RunEntry {
  type: 'run';
  trial: number;
  rung: number;
  replicate: number;
  /** reached: as far as the rung asks, or to an early end of its own. */
  status: 'reached' | 'diverged' | 'failed';
  /** Updates done, and the rung's epochs or steps. */
  steps: number;
  resource: number;
  isLast: boolean;
  /** The metric at all evaluations so far. */
  curve: readonly CurvePoint[];
  digest: string;
  seconds: number;
  fault?: Fault | undefined;
}

/** An attempt failed and is repeated. */
export interface RetryEntry {
  type: 'retry';
  trial: number;
  rung: number;
  replicate: number;
  fault: Fault;
}

/** A sweep is given more to do: it goes on if it was over, and the trials named are tried again from the rung at which they failed. */
export interface ReopenEntry {
  type: 'reopen';
  after: number;
  retried?: readonly number[] | undefined;
}

/** The process ends the session by itself. */
export interface PauseEntry {
  type: 'pause';
  reason: string;
}

export type LogEntry = SweepEntry | SessionEntry | DecisionEntry | BeginEntry | RunEntry | RetryEntry | ReopenEntry | PauseEntry;
/** An entry as it stands in the file. */
export type LoggedEntry = LogEntry & {
  seq: number;
  /** Seconds since the session began. */
  t: number;
};
