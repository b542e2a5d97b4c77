import path from 'node:path';
import { type Locatable, located } from '../../config/locate.ts';
import { resolvedYaml } from '../../config/resolved.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { originText } from '../../config/tree/origins.ts';
import { basisOf, configHash } from '../checkpoint/basis.ts';
import { RunFiles } from '../checkpoint/run-files.ts';
import type { RunEvent, Summary } from '../events.ts';
import { createRunDirectory, makeRunDirectory } from '../files/directory.ts';
import { describeEnvironment, gitCommit } from '../files/environment.ts';
import { checkBatchNorms } from '../prepare/batch-norms.ts';
import { runIdentity } from '../prepare/identity.ts';
import { beginningOf, initHashes } from '../prepare/initial.ts';
import { keepPrefix, type Prefix, stateAfter } from '../prepare/prefix.ts';
import type { Prepared } from '../prepare/prepare.ts';
import type { Beginning, RunOptions } from './options.ts';
import type { TrainRun } from './run.ts';
import { Trainer } from './trainer.ts';
import { startWork } from './under-way.ts';

/** How an experiment is trained, apart from what it says itself. */
export interface TrainOptions extends RunOptions {
  /** Write no files. @default false */
  dry?: boolean | undefined;
  /** The run's own directory, which must not exist yet. @default a new one under track.dir */
  directory?: string | undefined;
  /** Of this experiment, as `findReusable` found it: the run begins with it, and its files are those of one that did every step itself. */
  prefix?: Prefix | undefined;
  /** Where the values of the experiment come from: kept in env.json, for reports. */
  origins?: Locatable['origins'];
}

/** Of a file of a megabyte, which may say a list value by value. */
const MAX_ORIGINS = 2000;

/**
 * Trains an experiment and writes its run directory.
 *
 * @example
 * const run = train(loadExperiment('configs/mnist.yaml'));
 * for await (const event of run) if (event.type === 'epoch') console.log(event.epoch, event.trainLoss);
 * const summary = await run.result;
 */
export function train(loaded: Locatable, options: TrainOptions = {}): TrainRun {
  return startWork(async (emit) => {
    try {
      return await trainIn(loaded.experiment, { data: loaded.data, ...options, origins: loaded.origins }, emit);
    } catch (error) {
      throw located(error, loaded);
    }
  });
}

/** `train`, for who has a channel of events already. */
export function trainIn(experiment: Experiment, options: TrainOptions, emit: (event: RunEvent) => void): Promise<Summary> {
  if (options.dry !== true) void gitCommit();
  return new Trainer(experiment, options, emit).run((prepared) => begin(experiment, options, prepared));
}

/** Nothing is created on disk before everything that can be wrong with the experiment has been checked, initial weights included. */
async function begin(
  experiment: Experiment,
  { dry, directory, storage, fence, prefix, origins }: TrainOptions,
  { cores, plan, dataset, code }: Prepared,
): Promise<Beginning> {
  if (experiment.parent === undefined) checkBatchNorms(plan);
  const state = prefix && stateAfter(prefix, plan);
  const start = state === undefined ? beginningOf(plan, dataset, experiment) : { initial: state.state, state };
  const init = initHashes(experiment);
  if (dry === true) return { files: undefined, ...start };
  const { track, name } = experiment;
  const made = await (directory === undefined ? createRunDirectory(track.dir, name) : makeRunDirectory(path.resolve(directory), fence));
  const files = await (prefix === undefined ? RunFiles.create(made, storage, fence) : RunFiles.createWith(made, prefix.lines, storage));
  try {
    // env.json first: a run counts as begun once its config.yaml is there.
    const basis = { config: configHash(experiment), data: dataset.fingerprint, init, ...runIdentity(experiment, dataset) };
    const continues = prefix && { run: path.basename(prefix.run), step: prefix.step };
    const environment = {
      ...(await describeEnvironment(cores, plan.workers, code.name)),
      ...(continues && { continues }),
      basis,
      ...originsOf(origins),
    };
    await files.write('environment', `${JSON.stringify(environment, null, 2)}\n`);
    if (prefix !== undefined && state !== undefined) await keepPrefix(prefix, state, plan, basisOf(experiment, dataset), files.checkpoints);
    await files.write('config', resolvedYaml({ experiment }));
  } catch (error) {
    files.close();
    throw error;
  }
  return { files, ...start, keptStep: prefix?.step };
}

/** Of what somebody has set. */
function originsOf(origins: Locatable['origins']): { origins?: Record<string, string> } {
  const set = [...(origins ?? [])].filter(([, { kind }]) => kind !== 'default').slice(0, MAX_ORIGINS);
  return set.length === 0 ? {} : { origins: Object.fromEntries(set.map(([key, origin]) => [key, originText(origin)])) };
}
