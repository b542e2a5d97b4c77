import path from 'node:path';
import { foldsToTrain, ofFold } from '../../config/folds.ts';
import { type Locatable, located } from '../../config/locate.ts';
import { resolvedYaml, yamlOf } from '../../config/resolved.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { ERROR_CODES } from '../../error-codes.ts';
import { type ErrorCode, GradloomError, printable } from '../../errors.ts';
import { createRunDirectory, makeRunDirectory } from '../../runs/files/directory.ts';
import { checkBatchNorms } from '../../runs/prepare/batch-norms.ts';
import { prepare } from '../../runs/prepare/prepare.ts';
import { checkEvaluated } from '../../runs/prepare/watched.ts';
import { startWork, type UnderWay } from '../../runs/training/under-way.ts';
import { writeFileAtomic } from '../../storage/atomic.ts';
import { commandOf } from '../../storage/shell.ts';
import { Datasets } from '../execute/datasets.ts';
import type { RunEntry } from '../journal/entries.ts';
import { readTrialLog } from '../journal/log.ts';
import type { SweepInput, SweepSettings } from '../schema.ts';
import type { SweepEvent } from '../session/events.ts';
import type { SweepOptions } from '../session/options.ts';
import { readSettings } from '../session/read.ts';
import { resumeSweep } from '../session/sweep.ts';
import { judgedBy } from './judged.ts';
import { type CrossValidation, isCrossValidation, readCrossValidation } from './result.ts';

const DATASETS = 8;

/** A cross-validation under way: its events are those of a sweep whose only trial it is. */
export interface CrossValidationRun extends UnderWay<SweepEvent, CrossValidation> {
  /**
   * What the folds came to, also of an interrupted one (`status`). Rejects once everything is saved with a GradloomError: of a fold, where
   * one failed or diverged; and as `resumeSweep`.
   */
  readonly result: Promise<CrossValidation>;
}

/** How a cross-validation is carried out. */
export interface CrossValidateOptions extends Pick<SweepOptions, 'signal' | 'engine' | 'storage' | 'executor' | 'data'> {
  /** Exact directory of the cross-validation, which must not exist yet. @default a new one under track.dir */
  directory?: string | undefined;
}

/** How a cross-validation is gone on with; none of it changes a bit. */
export interface ResumeCrossValidationOptions extends Pick<SweepOptions, 'signal' | 'engine' | 'storage' | 'executor' | 'data'> {
  /** Cores for all folds together, in place of those that it began with: any number gives the same bits. */
  workers?: number | 'auto' | undefined;
}

/**
 * Trains the folds of an experiment (`data.split.folds`) side by side on as many cores as `parallel.workers` says. The directory is that of
 * a sweep with one trial, so nothing is lost with a killed process, and `resumeCrossValidation` goes on with it; each fold's run in it is a
 * run like any other, whose experiment says which fold it is (`data.split.fold`).
 *
 * @example
 * const run = crossValidate(loadExperiment('configs/iris.yaml', { overrides: ['data.split.folds=5'] }));
 * const { folds } = await run.result;
 * console.log(folds.mean, folds.std, folds.interval);
 */
export function crossValidate(loaded: Locatable, options: CrossValidateOptions = {}): CrossValidationRun {
  return startWork(async (emit) => {
    try {
      return await begin(loaded.experiment, { data: loaded.data, ...options }, emit);
    } catch (error) {
      throw located(error, loaded);
    }
  });
}

/**
 * Goes on with a cross-validation from its log and the checkpoints of its folds; it comes out as an undisturbed one. Folds that failed are
 * tried again. A finished one is a no-op that yields its result.
 */
export function resumeCrossValidation(directory: string, options: ResumeCrossValidationOptions = {}): CrossValidationRun {
  const { workers, ...rest } = options;
  const overrides = workers === undefined ? [] : [`execution.cores=${workers === 'auto' ? 'max' : workers}`];
  return startWork(async (emit) => {
    requireCrossValidation(path.resolve(directory));
    return follow(path.resolve(directory), { ...rest, overrides, retryFailed: true }, emit);
  });
}

/** Nothing is created on disk before what can be wrong with the experiment has been checked, on its first fold. */
async function begin(experiment: Experiment, options: CrossValidateOptions, emit: (event: SweepEvent) => void): Promise<CrossValidation> {
  const { directory, ...rest } = options;
  requireFolds(experiment);
  const metric = judgedBy(experiment);
  const datasets = new Datasets(DATASETS, options.data);
  const first = ofFold(experiment, 0);
  const { plan, dataset } = await prepare(first, await datasets.get(first));
  checkBatchNorms(plan);
  checkEvaluated(plan, dataset, 'train.eval', metric.name);
  const { track, name } = experiment;
  const made = await (directory === undefined ? createRunDirectory(track.dir, name) : makeRunDirectory(path.resolve(directory)));
  await writeFileAtomic(path.join(made.path, 'base.yaml'), resolvedYaml({ experiment }));
  // In this order: a directory with a sweep.yaml is one that can be resumed.
  await writeFileAtomic(path.join(made.path, 'sweep.yaml'), yamlOf(sweepOf(experiment, metric)));
  return follow(made.path, { ...rest, datasets }, emit);
}

/** The sweep that a cross-validation is: one trial, of which nothing varies. */
function sweepOf({ name, parallel: { workers } }: Experiment, { name: metric, goal, summary }: SweepSettings['metric']): SweepInput {
  return {
    version: 1,
    name,
    base: './base.yaml',
    method: 'grid',
    metric: { name: metric, goal, summary },
    execution: { cores: workers === 'auto' ? 'max' : workers },
  };
}

async function follow(
  directory: string,
  options: Parameters<typeof resumeSweep>[1],
  emit: (event: SweepEvent) => void,
): Promise<CrossValidation> {
  const run = resumeSweep(directory, options);
  for await (const event of run) emit(event);
  const { status } = await run.result;
  const result = readCrossValidation(directory);
  if (status === 'interrupted') return result;
  const odd = oddFold(directory);
  if (odd !== undefined) throw foldError(odd, result);
  return result;
}

/** The first fold that failed or diverged, as it was last. */
function oddFold(directory: string): RunEntry | undefined {
  const last = new Map<number, RunEntry>();
  for (const entry of readTrialLog(directory).entries) if (entry.type === 'run') last.set(entry.replicate, entry);
  return [...last.values()].toSorted((a, b) => a.replicate - b.replicate).find(({ status }) => status !== 'reached');
}

function foldError({ replicate, status, fault }: RunEntry, { directory, folds: { values } }: CrossValidation): GradloomError {
  const done = values.filter((value) => value !== null).length;
  const { code = 'E_INTERNAL', where, message = status } = fault ?? {};
  return new GradloomError({
    code: isErrorCode(code) ? code : 'E_INTERNAL',
    where: where ?? printable(directory),
    message: `fold ${replicate}: ${message}`,
    kept: `${printable(directory)} and the results of ${done} of ${values.length} folds`,
    next: status === 'failed' ? `mend the cause, then: ${commandOf('resume', directory)}` : 'change the experiment: a lower optimizer.lr',
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function requireFolds(experiment: Experiment): void {
  if (foldsToTrain(experiment) !== undefined) return;
  const { fold } = experiment.data.split;
  throw new GradloomError({
    code: 'E_CONFIG_MISSING',
    where: fold === undefined ? 'data.split.folds' : 'data.split.fold',
    message: fold === undefined ? 'missing; a cross-validation has some' : `${fold} is one run of a cross-validation`,
    next: fold === undefined ? 'set data.split.folds: 5, or train the experiment' : 'leave data.split.fold out to train all folds',
  });
}

function requireCrossValidation(directory: string): void {
  if (isCrossValidation(readSettings(directory))) return;
  throw new GradloomError({
    code: 'E_SWEEP_READ',
    where: printable(directory),
    message: 'a sweep, and no cross-validation',
    next: commandOf('sweep resume', directory),
  });
}
