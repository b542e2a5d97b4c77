import { GradloomError } from '../../errors.ts';
import { readEnvironment } from '../../runs/files/file-shapes.ts';
import { runFile } from '../../runs/files/names.ts';
import type { StoredRun } from '../../runs/store/store.ts';
import { statsAt } from '../../storage/folder.ts';
import type { RunCurves } from '../watch/run-curves.ts';

/** Updates in all, as the config has it; null before the first epoch is over, where the config counts epochs. */
export function totalSteps({ config }: StoredRun, { stepsPerEpoch }: Pick<RunCurves, 'stepsPerEpoch'>): number | null {
  const { 'train.steps': steps, 'train.epochs': epochs } = config();
  if (typeof steps === 'number') return steps;
  return typeof epochs === 'number' && stepsPerEpoch !== undefined ? Math.round(epochs * stepsPerEpoch) : null;
}

/**
 * Seconds of a step, at the mean rate of the run: metrics.jsonl has no times. As the summary says, else from the start to the latest line.
 *
 * @returns null where it is not known
 */
export function secondsPerStep({ directory, record }: StoredRun, step: number): number | null {
  if (record.status !== 'running' && record.seconds !== null && record.steps !== null && record.steps > 0)
    return record.seconds / record.steps;
  const changed = statsAt(runFile(directory, 'metrics'))?.mtimeMs;
  const started = startOf(directory) ?? record.started;
  if (changed === undefined || started === null || step === 0) return null;
  const seconds = (changed - Date.parse(started)) / 1000;
  return seconds > 0 ? seconds / step : null;
}

/** Until the end of what the config asks for, at the rate so far; null where it is not known. */
export function secondsLeft(run: StoredRun, curves: RunCurves): number | null {
  const total = totalSteps(run, curves);
  const seconds = secondsPerStep(run, curves.step);
  return total === null || seconds === null ? null : Math.max(0, total - curves.step) * seconds;
}

function startOf(directory: string): string | undefined {
  try {
    const started = readEnvironment(directory)?.['started_at'];
    return typeof started === 'string' ? started : undefined;
  } catch (error) {
    if (error instanceof GradloomError) return undefined;
    throw error;
  }
}
