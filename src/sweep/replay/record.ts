import type { RunEntry, TrialEntry } from '../journal/entries.ts';
import type { Fault } from '../journal/fault.ts';
import { replicatesOf, type SweepSettings } from '../schema.ts';
import type { Result } from '../search/decisions.ts';
import { deviation, interval95, mean, meanCurve, summarise } from '../space/values.ts';
import type { CurvePoint, Trial, TrialStatus } from '../trial.ts';
import type { Stand } from './standing.ts';

/** A trial while the log is read. */
export interface TrialRecord {
  entry: TrialEntry;
  /** By rung, by replicate. */
  results: RunEntry[][];
  reasons: string[];
  /** Failed and repeated attempts by `rung replicate`, since the trial was last given another chance. */
  attempts: Map<string, number> | undefined;
  /** Attempts that failed and were repeated, in all. */
  retries: number;
  /** It failed, and is tried again. */
  isRetried: boolean;
  /** Rung to which it is being trained, or was last. */
  rung: number;
  status: TrialStatus;
}

/** The folder of the runs of all trials, in the sweep's directory. */
export const TRIALS = 'trials';

/**
 * Where the runs of a trial lie, relative to the sweep's directory: `trials/7`, or `trials/7-0`, `trials/7-1` for two seeds; with folds
 * `trials/7-fold-0`, `trials/7-0-fold-0`.
 */
export function runDirectories(trial: number, settings: Pick<SweepSettings, 'seeds' | 'folds'>): string[] {
  const { seeds, folds } = settings;
  return Array.from({ length: replicatesOf(settings) }, (_, replicate) => {
    const seed = seeds === 1 ? '' : `-${Math.floor(replicate / (folds ?? 1))}`;
    return `${TRIALS}/${trial}${seed}${folds === undefined ? '' : `-fold-${replicate % folds}`}`;
  });
}

export function recordOf(entry: TrialEntry): TrialRecord {
  const status = entry.fault !== undefined ? 'failed' : entry.duplicateOf !== undefined ? 'duplicate' : 'queued';
  const reasons = [
    ...(entry.note === undefined ? [] : [entry.note]),
    ...(entry.fault === undefined ? [] : [`failed: ${faultText({ fault: entry.fault })}`]),
    ...(entry.duplicateOf === undefined ? [] : [`the same experiment as trial ${entry.duplicateOf}`]),
  ];
  return { entry, results: [], reasons, attempts: undefined, retries: 0, isRetried: false, rung: 0, status };
}

/** What failed, or was dropped, is to be trained again; replicates that came to a result keep it. */
export function retry(record: TrialRecord | undefined): void {
  if (record === undefined) return;
  const results: RunEntry[] = [];
  // A missing replicate is a hole, which Object.values leaves out.
  for (const result of Object.values(record.results[record.rung] ?? [])) if (result.status !== 'failed') results[result.replicate] = result;
  record.results[record.rung] = results;
  record.attempts = undefined;
  record.isRetried = record.status === 'failed';
  record.status = 'queued';
}

export function prune(record: TrialRecord, reason: string): void {
  record.status = 'pruned';
  record.reasons.push(reason);
}

export function isComplete(results: readonly RunEntry[], settings: Pick<SweepSettings, 'seeds' | 'folds'>): boolean {
  const count = replicatesOf(settings);
  for (let i = 0; i < count; i++) if (results[i] === undefined) return false;
  return true;
}

/** What the replicates of a trial have come to at a rung, all together. */
export function statusOf(results: readonly RunEntry[]): Result['status'] {
  const has = (wanted: Result['status']): boolean => results.some(({ status }) => status === wanted);
  return has('failed') ? 'failed' : has('diverged') ? 'diverged' : 'reached';
}

export function outcomeOf(results: readonly RunEntry[], { metric }: Pick<SweepSettings, 'metric'>): Result {
  const status = statusOf(results);
  if (status !== 'reached') return { status, value: undefined, points: [] };
  const curves: (readonly CurvePoint[])[] = results.map(({ curve }) => curve);
  return { status, value: mean(valuesOf(results, { metric })), points: meanCurve(curves).map(({ value }) => value) };
}

/** @param original  of a duplicate: the trial whose results are its own */
export function trialOf(record: TrialRecord, original: TrialRecord | undefined, settings: SweepSettings): Trial {
  const { entry, status, reasons, retries } = record;
  const { last, values, reached } = resultOf(original ?? record, settings);
  const interval = interval95(values);
  return {
    number: entry.trial,
    assignment: entry.assignment,
    origin: entry.origin,
    status,
    value: values.length === 0 ? null : mean(values),
    values,
    ...(interval !== undefined && { interval, std: deviation(values) }),
    digests: last.map(({ digest }) => digest),
    curve: meanCurve(last.map(({ curve }) => curve)),
    ...(reached !== undefined && { rung: reached.rung, resource: reached.resource }),
    reasons: [...reasons],
    ...(entry.duplicateOf !== undefined && { duplicateOf: entry.duplicateOf }),
    runs: entry.fault === undefined ? runDirectories(entry.duplicateOf ?? entry.trial, settings) : [],
    retries,
    seconds: record.results.flat().reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** What of a trial counts for the whole, as `trialOf` has it. */
export function standOf(record: TrialRecord, original: TrialRecord | undefined, settings: SweepSettings): Stand {
  const { values, reached } = resultOf(original ?? record, settings);
  return { status: record.status, value: values.length === 0 ? null : mean(values), resource: reached?.resource };
}

interface TrialResult {
  /** Of the last rung that is complete. */
  last: readonly RunEntry[];
  values: readonly number[];
  /** With early termination: a run at the highest rung that was reached. */
  reached: RunEntry | undefined;
}

function resultOf({ results }: TrialRecord, settings: SweepSettings): TrialResult {
  const complete = results.filter((runs) => isComplete(runs, settings));
  // A trial that diverged or failed has no value, whatever it had before.
  const last = complete.at(-1) ?? [];
  const values = last.length > 0 && statusOf(last) === 'reached' ? valuesOf(last, settings) : [];
  const hasRungs = settings.early_terminate.type !== 'none';
  // One that diverged or failed on the way to a rung did not reach it.
  const reached = hasRungs ? complete.findLast((runs) => statusOf(runs) === 'reached')?.[0] : undefined;
  return { last, values, reached };
}

function valuesOf(results: readonly RunEntry[], { metric }: Pick<SweepSettings, 'metric'>): number[] {
  return results.flatMap(({ curve }) => summarise(curve, metric) ?? []);
}

export function faultText({ fault: { code, where, message } }: { fault: Fault }): string {
  return `${code}${where === undefined ? '' : ` ${where}:`} ${message}`;
}
