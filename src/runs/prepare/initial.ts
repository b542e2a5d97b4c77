import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { flatLayers } from '../../config/layers/flat-layers.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError, printable } from '../../errors.ts';
import { type InitialState, initialState, initOf } from '../../model/initializers.ts';
import { PLATEAU_START } from '../../optim/plateau.ts';
import { readFileBytes } from '../../storage/read.ts';
import type { Safetensors } from '../../storage/safetensors/bytes.ts';
import { FILE_LIMIT_BYTES, readSafetensors } from '../../storage/safetensors.ts';
import { checkData, checkKernels, runChanged } from '../checkpoint/basis.ts';
import { type Checkpoint, runStateIn, valuesProblem } from '../checkpoint/checkpoint.ts';
import { listCheckpoints, loadCheckpoint, newestCheckpoint } from '../checkpoint/files.ts';
import type { RunState } from '../checkpoint/run-state.ts';
import { RUN_FILES, runFile } from '../files/names.ts';
import { NOTHING_SPENT } from '../record/pace.ts';

/**
 * What the first step of a new run finds: its initial weights, or the state in which its parent ended.
 *
 * @throws GradloomError E_SAFETENSORS, E_TENSOR_MISMATCH; E_CHECKPOINT, E_KERNEL_VERSION, E_DATA_FINGERPRINT, E_CONFIG_RANGE of a parent
 */
export function beginningOf(
  plan: EnginePlan,
  dataset: Dataset,
  experiment: Experiment,
): { initial: InitialState; state: RunState | undefined } {
  if (experiment.parent === undefined) {
    return { initial: initialState(plan.network, experiment.model, experiment.seed, readRunWeights), state: undefined };
  }
  const state = stateOfParent(plan, dataset, experiment.parent);
  return { initial: state.state, state };
}

/** The file with a run's parameters: model.safetensors, or the newest checkpoint that verifies. @throws GradloomError E_CHECKPOINT */
function runWeightsFile(directory: string): string {
  const model = runFile(directory, 'model');
  if (existsSync(model)) return model;
  const checkpoint = newestCheckpoint(directory, () => undefined);
  if (checkpoint === undefined) throw noCheckpoint(directory, `it has no ${RUN_FILES.model}, and no checkpoint that verifies`);
  return checkpoint.path;
}

/** A run's parameters; of a checkpoint, only what a model file has. @throws GradloomError E_CHECKPOINT, E_SAFETENSORS */
export function readRunWeights(directory: string): Safetensors {
  const file = readSafetensors(runWeightsFile(directory));
  return { ...file, tensors: new Map([...file.tensors].filter(([name]) => name.startsWith('layers.'))) };
}

/** The checkpoint at the very end of a run. @throws GradloomError E_CHECKPOINT */
export function lastCheckpoint(directory: string): Checkpoint {
  const checkpoint = newestCheckpoint(directory, () => undefined);
  if (checkpoint?.saved.loop.isOver !== true) throw noCheckpoint(directory, 'the checkpoint of its end is missing or does not verify');
  return checkpoint;
}

/** The parent's state at its end, as a run finds it that goes on from there with files of its own. */
function stateOfParent(plan: EnginePlan, dataset: Dataset, parent: NonNullable<Experiment['parent']>): RunState {
  const { run, step, sha256, schedule } = parent;
  const checkpoint = listCheckpoints(run)
    .filter((file) => file.step === step)
    .map((file) => loadCheckpoint(file.path))
    .find((found) => found.sha256 === sha256);
  if (checkpoint === undefined) throw noCheckpoint(run, `it has no checkpoint of step ${step} with sha256 ${sha256}`);
  const fault = valuesProblem(checkpoint);
  if (fault !== undefined) throw noCheckpoint(checkpoint.path, fault);
  checkKernels(checkpoint.basis.kernels, run);
  checkData(checkpoint.basis.data, dataset.fingerprint, run);
  const { totalSteps } = plan.batches;
  if (totalSteps <= step) {
    throw new GradloomError({
      code: 'E_CONFIG_RANGE',
      where: 'train',
      message: `a training of ${totalSteps} steps, but its parent has done ${step} already`,
      next: `give it more: the length counts from the parent's first step`,
    });
  }
  const { loop, recorder, ...vectors } = runStateIn(checkpoint, plan);
  const isRestart = schedule.from === step;
  return {
    ...vectors,
    loop: {
      ...loop,
      isOver: false,
      // Patience starts anew, or the first evaluation could end a run whose parent stopped early.
      earlyStop: loop.earlyStop && { ...loop.earlyStop, stale: 0 },
      plateau: isRestart ? PLATEAU_START : loop.plateau,
      lrFactor: isRestart ? 1 : loop.lrFactor,
      bestKept: undefined,
    },
    recorder: { ...recorder, events: 0, seconds: 0, samples: 0, spent: NOTHING_SPENT, metricsBytes: 0, digestsBytes: 0 },
  };
}

/** sha256 (hex) of each file of initial weights, by its path. @throws GradloomError E_DATA_READ */
export function initHashes({ model }: Experiment): Record<string, string> {
  const inits = [model.init, ...flatLayers(model).map((layer) => initOf(model, layer))];
  const paths = new Set(
    inits.flatMap((init) => (init.type === 'file' ? [init.path] : init.type === 'run' ? [runWeightsFile(init.path)] : [])),
  );
  return Object.fromEntries([...paths].map((file) => [file, hashOf(file)]));
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileBytes(file, FILE_LIMIT_BYTES)).digest('hex');
}

/** @throws GradloomError E_RUN_CHANGED if a file of initial weights is not the one that the run began with */
export function checkInit(before: Readonly<Record<string, string>>, experiment: Experiment, directory: string): void {
  const hashes = new Set(Object.values(before));
  const other = Object.entries(initHashes(experiment)).find(([, hash]) => !hashes.has(hash));
  if (other !== undefined) throw runChanged(directory, `${printable(other[0])} changed since the run began`);
}

function noCheckpoint(directory: string, message: string): GradloomError {
  return new GradloomError({ code: 'E_CHECKPOINT', where: printable(directory), message, next: 'name a run that has one' });
}
