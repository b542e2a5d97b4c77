import { existsSync } from 'node:fs';
import path from 'node:path';
import { kindAt } from '../../storage/folder.ts';
import { runDirectories } from '../replay/record.ts';
import { replicatesOf, type SweepSettings } from '../schema.ts';
import { readSettings, readWritten, stateOf } from '../session/read.ts';
import { deviation, interval95, mean, summarise } from '../space/values.ts';
import type { SweepState } from '../trial.ts';

/** What the folds of a cross-validation came to, each at its place. */
export interface FoldValues {
  /** Which the folds are compared by: `val.accuracy`. */
  metric: string;
  goal: 'minimize' | 'maximize';
  /** Null for a fold that has no result, or none yet. */
  values: (number | null)[];
  /** Of all folds; null as long as one has no result. */
  mean: number | null;
  /** Of a sample: over one less than there are folds. */
  std: number | null;
  /** 95 % interval of the mean by Student's t. Folds share training rows, so it is somewhat too narrow. */
  interval: readonly [number, number] | null;
  /** sha256 of the parameters that each fold came to. */
  digests: (string | null)[];
  /** Run directories, relative to that of the cross-validation. */
  runs: string[];
}

/** A cross-validation as its directory tells it. */
export interface CrossValidation {
  id: string;
  name: string;
  /** Absolute. */
  directory: string;
  status: SweepState['status'];
  /** Of the runs, one after the other. */
  seconds: number;
  folds: FoldValues;
}

/** Whether a sweep is a cross-validation: the folds of one experiment, of which nothing varies. */
export function isCrossValidation({ folds, parameters, zip, enqueue, seeds, method }: SweepSettings): boolean {
  const varies = [parameters, zip, enqueue].some((part) => Object.keys(part).length > 0);
  return folds !== undefined && !varies && seeds === 1 && method === 'grid';
}

/** Whether a directory is a cross-validation's, as far as can be told without an error of it. */
export function holdsCrossValidation(directory: string): boolean {
  if (kindAt(directory) !== 'directory' || !existsSync(path.join(directory, 'sweep.yaml'))) return false;
  return isCrossValidation(readSettings(directory));
}

/**
 * Reads a cross-validation, also while it is trained.
 *
 * @throws GradloomError as `readSweep`
 */
export function readCrossValidation(directory: string): CrossValidation {
  const written = readWritten(directory);
  const { settings, entries } = written;
  const { id, name, status } = stateOf(written);
  const count = replicatesOf(settings);
  const values = Array.from({ length: count }, (): number | null => null);
  const digests = Array.from({ length: count }, (): string | null => null);
  let seconds = 0;
  for (const entry of entries) {
    if (entry.type !== 'run') continue;
    seconds += entry.seconds;
    if (entry.status !== 'reached') continue;
    values[entry.replicate] = summarise(entry.curve, settings.metric) ?? null;
    digests[entry.replicate] = entry.digest;
  }
  const known = values.filter((value) => value !== null);
  const isWhole = known.length === count;
  const { metric } = settings;
  return {
    id,
    name,
    directory: written.directory,
    status,
    seconds,
    folds: {
      metric: metric.name,
      goal: metric.goal,
      values,
      mean: isWhole ? mean(known) : null,
      std: isWhole ? deviation(known) : null,
      interval: (isWhole ? interval95(known) : undefined) ?? null,
      digests,
      runs: runDirectories(0, settings),
    },
  };
}
