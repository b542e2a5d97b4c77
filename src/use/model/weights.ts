import type { AverageName } from '../../config/check/evaluated.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError, printable } from '../../errors.ts';
import { type Checkpoint, valuesProblem } from '../../runs/checkpoint/checkpoint.ts';
import { listCheckpoints, loadCheckpoint, newestCheckpoint } from '../../runs/checkpoint/files.ts';
import { readSummary } from '../../runs/files/file-shapes.ts';
import { RUN_FILES, runFile } from '../../runs/files/names.ts';
import { kindAt } from '../../storage/folder.ts';
import { damaged, readOwnFile } from '../../storage/read.ts';
import type { Safetensors } from '../../storage/safetensors/bytes.ts';
import { FILE_LIMIT_BYTES, readSafetensors } from '../../storage/safetensors.ts';
import { commandOf } from '../../storage/shell.ts';

/** Which parameters of a run: those that it has come to, those of its best evaluation, or those after so many steps. */
export type CheckpointChoice = 'last' | 'best' | number;

/** Tensors of a model by PyTorch's names, and where they came from. */
export interface Weights {
  path: string;
  /** Updates done; undefined where nobody has said. */
  step: number | undefined;
  file: Safetensors;
}

const AVERAGE = 'average.';
const MAX_STEPS_SHOWN = 10;

/**
 * The weights of a run.
 *
 * @param average  those averaged while training, in place of the raw ones
 * @throws GradloomError E_CHECKPOINT where there are none, E_SAFETENSORS, E_RUN_FILE, E_STORAGE
 */
export function readWeights(directory: string, choice: CheckpointChoice, average: AverageName | undefined): Weights {
  if (choice === 'last') return lastWeights(directory, average);
  const step = choice === 'best' ? bestStep(directory) : choice;
  const place = listCheckpoints(directory).find((file) => file.step === step)?.path;
  if (place !== undefined) return ofCheckpoint(loadCheckpoint(place), average);
  if (readSummary(directory)?.steps === step && hasModel(directory, average)) return ofModel(directory, average, step);
  const steps = [...new Set(listCheckpoints(directory).map((file) => file.step))].sort((a, b) => a - b);
  const shown = steps.length > MAX_STEPS_SHOWN ? `${steps.slice(0, MAX_STEPS_SHOWN).join(', ')} ...` : steps.join(', ');
  throw noWeights(directory, `no checkpoint of step ${step}; it has ${steps.length === 0 ? 'none' : `those of steps ${shown}`}`);
}

function lastWeights(directory: string, average: AverageName | undefined): Weights {
  const done = readSummary(directory)?.steps;
  const [newest] = listCheckpoints(directory);
  // A run that was resumed and killed has gone on from the model that its last part left.
  const isLeftBehind = newest !== undefined && (done === undefined || newest.step > done);
  if (hasModel(directory, average) && !isLeftBehind) return ofModel(directory, average, done);
  const checkpoint = newestCheckpoint(directory, () => undefined, valuesProblem);
  if (checkpoint !== undefined) return ofCheckpoint(checkpoint, average);
  if (hasModel(directory, average)) return ofModel(directory, average, done);
  const message = `it has no ${RUN_FILES[average ?? 'model']}, and no checkpoint that verifies`;
  // Killed before its first checkpoint.
  throw noWeights(directory, message, done === undefined && newest === undefined ? commandOf('resume', directory) : undefined);
}

/** The step that `checkpoint.best` has kept. */
function bestStep(directory: string): number {
  const newest = newestCheckpoint(directory, () => undefined);
  const step = newest?.saved.loop.bestKept?.step;
  if (step !== undefined) return step;
  throw noWeights(directory, 'it keeps no best checkpoint', 'train with train.checkpoint.best, or take --checkpoint last');
}

function hasModel(directory: string, average: AverageName | undefined): boolean {
  return kindAt(runFile(directory, average ?? 'model')) !== undefined;
}

function ofModel(directory: string, average: AverageName | undefined, step: number | undefined): Weights {
  const place = runFile(directory, average ?? 'model');
  const bytes = readOwnFile(place, FILE_LIMIT_BYTES);
  if (bytes === undefined) throw damaged(place, 'missing');
  return { path: place, step, file: readSafetensors(bytes, place) };
}

/** What of a checkpoint a model file has. */
function ofCheckpoint(checkpoint: Checkpoint, average: AverageName | undefined): Weights {
  const problem = valuesProblem(checkpoint);
  const { path: place, file, step } = checkpoint;
  if (problem !== undefined) throw noWeights(place, problem);
  const tensors = new Map([...file.tensors].filter(([name]) => name.startsWith('layers.')));
  if (average !== undefined)
    for (const [name, tensor] of file.tensors) if (name.startsWith(AVERAGE)) tensors.set(name.slice(AVERAGE.length), tensor);
  return { path: place, step, file: { ...file, tensors } };
}

/** @throws GradloomError E_CHECKPOINT if the experiment averages nothing */
export function averageOf(directory: string, { train }: Experiment): AverageName {
  if (train.average.type !== 'none') return train.average.type;
  throw noWeights(directory, 'it has no averaged parameters', 'train with train.average, or leave the average out');
}

function noWeights(where: string, message: string, next = 'name another checkpoint or another run'): GradloomError {
  return new GradloomError({ code: 'E_CHECKPOINT', where: printable(where), message, next });
}
