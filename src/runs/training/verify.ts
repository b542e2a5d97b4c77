import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CallerData } from '../../config/caller-data.ts';
import type { Experiment } from '../../config/schema/schema.ts';
import type { Dataset } from '../../data/dataset.ts';
import { loadDataset } from '../../data/load.ts';
import { GradloomError, printable } from '../../errors.ts';
import { checkConfigHash, checkData, checkKernels } from '../checkpoint/basis.ts';
import { loadRunConfig } from '../files/config.ts';
import { compareChains, type DigestLine, type Parting } from '../files/digests.ts';
import { requireRun } from '../files/directory.ts';
import { readSummary } from '../files/file-shapes.ts';
import { RUN_FILES } from '../files/names.ts';
import { readOrigin } from '../files/origin.ts';
import { readDigests } from '../files/run-lines.ts';
import { checkInit } from '../prepare/initial.ts';
import { train } from './train.ts';
import { startWork, type UnderWay } from './under-way.ts';

const MAX_TENSORS = 5;

/** How a run is trained again; none of it changes a bit. */
export interface VerifyOptions {
  /** Worker counts to train with, one after the other. @default the machine's own choice */
  workers?: readonly number[] | undefined;
  /** Ends it early, with status `interrupted`. */
  signal?: AbortSignal | undefined;
  /** What the program passes again for the source `arrays`. */
  data?: CallerData | undefined;
}

/** One training in a temporary place against the recorded run. */
export interface Replay {
  workers: number;
  /** Digests that are equal. */
  equal: number;
}

export interface VerifyProgress {
  type: 'progress';
  workers: number;
  /** Which of how many trainings, from 1. */
  replay: number;
  replays: number;
  step: number;
  /** Steps that are trained again. */
  totalSteps: number;
  /** Digests compared so far, and how many there are. */
  equal: number;
  digests: number;
  secondsLeft: number | undefined;
}

/** How far a verification is. */
export type VerifyEvent = VerifyProgress | { type: 'replayed'; replay: Replay };

/** What came of training a run again. */
export interface Verification {
  status: 'same' | 'interrupted';
  /** Updates up to which the run has digests. */
  steps: number;
  digests: number;
  replays: Replay[];
}

/** A verification under way. */
export interface VerifyRun extends UnderWay<VerifyEvent, Verification> {
  /**
   * Rejects with E_VERIFY naming the first step and tensor that differ; E_KERNEL_VERSION, E_DATA_FINGERPRINT or E_RUN_CHANGED if what the run
   * follows from is no longer the same, E_RUN_FILE if it has nothing to compare with; and as `train` does.
   */
  readonly result: Promise<Verification>;
}

/**
 * Trains a run again, from its config.yaml in a temporary place, and compares digests.jsonl line by line. Stops at the first difference.
 *
 * @param directory  of the run; nothing in it is changed
 */
export function verify(directory: string, options: VerifyOptions = {}): VerifyRun {
  return startWork((emit) => verifyIn(path.resolve(directory), options, emit));
}

async function verifyIn(
  directory: string,
  { workers, signal, data }: VerifyOptions,
  emit: (event: VerifyEvent) => void,
): Promise<Verification> {
  requireRun(directory);
  const { experiment } = loadRunConfig(directory);
  const recorded = readDigests(directory);
  const steps = recorded.at(-1)?.step ?? 0;
  if (recorded.length === 0) {
    const next = 'train on, or set numerics.digest.every to fewer steps';
    throw new GradloomError({
      code: 'E_RUN_FILE',
      where: printable(directory),
      message: `nothing to verify: ${RUN_FILES.digests} has no line yet`,
      next,
    });
  }
  const dataset = await checkOrigin(directory, experiment, data);
  const summary = readSummary(directory);
  const finalDigest = summary?.status === 'finished' ? summary.digest : undefined;
  const counts = workers ?? [undefined];
  const verification: Verification = { status: 'same', steps, digests: recorded.length, replays: [] };
  for (const [i, count] of counts.entries()) {
    const position = { replay: i + 1, replays: counts.length };
    const replay = await replayRun(directory, count, { dataset, recorded, finalDigest, signal, position }, emit);
    if (replay === undefined) return { ...verification, status: 'interrupted' };
    verification.replays.push(replay);
    emit({ type: 'replayed', replay });
  }
  return verification;
}

/** Checks that the run can be trained again as it was. */
async function checkOrigin(directory: string, experiment: Experiment, data: CallerData | undefined): Promise<Dataset> {
  const origin = readOrigin(directory, 'E_RUN_FILE');
  checkKernels(origin.kernels, directory);
  checkConfigHash(origin.config, experiment, directory);
  checkInit(origin.init ?? {}, experiment, directory);
  const dataset = await loadDataset(experiment, data);
  checkData(origin.data, dataset.fingerprint, directory);
  return dataset;
}

interface ReplayContext {
  dataset: Dataset;
  recorded: readonly DigestLine[];
  /** Digest of the final parameters, of a finished run. */
  finalDigest: string | undefined;
  signal: AbortSignal | undefined;
  position: { replay: number; replays: number };
}

/** @returns undefined if it was interrupted */
async function replayRun(
  directory: string,
  workers: number | undefined,
  { dataset, recorded, finalDigest, signal, position }: ReplayContext,
  emit: (event: VerifyEvent) => void,
): Promise<Replay | undefined> {
  const place = mkdtempSync(path.join(tmpdir(), 'gradloom-verify-'));
  try {
    const overrides = workers === undefined ? [] : [`parallel.workers=${workers}`];
    const loaded = loadRunConfig(directory, { overrides });
    const enough = new AbortController();
    const signals = signal === undefined ? enough.signal : AbortSignal.any([enough.signal, signal]);
    const again = path.join(place, 'run');
    const steps = recorded.at(-1)?.step ?? 0;
    // A finished run is trained to its own end, since its last line is of the parameters that it ended with.
    const pauseAt = finalDigest === undefined ? steps : undefined;
    const run = train(loaded, { directory: again, dataset, signal: signals, pauseAt });
    let count = 0;
    for await (const event of run) {
      if (event.type === 'start') count = event.workers;
      if (event.type !== 'progress') continue;
      const { equal, first } = compareChains(recorded, readDigests(again));
      if (first !== undefined) enough.abort();
      const { step, totalSteps } = event;
      const share = step < totalSteps ? (steps - step) / (totalSteps - step) : 0;
      const secondsLeft = event.secondsLeft === undefined ? undefined : Math.max(0, event.secondsLeft * share);
      emit({ type: 'progress', workers: count, ...position, step, totalSteps: steps, equal, digests: recorded.length, secondsLeft });
    }
    const { digest, status } = await outcomeOf(run.result);
    const { equal, first } = compareChains(recorded, readDigests(again));
    if (first !== undefined) throw mismatch(directory, first, equal, count);
    if (status === 'interrupted') return undefined;
    if (equal < recorded.length) throw mismatch(directory, { step: recorded[equal]?.step ?? 0, tensors: [] }, equal, count);
    if (finalDigest !== undefined && digest !== finalDigest) throw mismatch(directory, { step: steps, tensors: [] }, equal, count);
    return { workers: count, equal };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** A run that diverged does so again; its digests up to there count. */
async function outcomeOf(result: ReturnType<typeof train>['result']): Promise<{ digest?: string; status: string }> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof GradloomError && error.code === 'E_DIVERGED') return { status: 'diverged' };
    throw error;
  }
}

function mismatch(directory: string, { step, tensors }: Parting, equal: number, workers: number): GradloomError {
  const shown = tensors.slice(0, MAX_TENSORS).join(', ');
  const more = tensors.length > MAX_TENSORS ? ` and ${tensors.length - MAX_TENSORS} more` : '';
  const what = tensors.length === 0 ? 'the training state differs' : `${shown}${more} ${tensors.length === 1 ? 'differs' : 'differ'}`;
  const before = equal === 0 ? '' : ` after ${equal} equal ${equal === 1 ? 'digest' : 'digests'}`;
  return new GradloomError({
    code: 'E_VERIFY',
    where: printable(directory),
    message: `not the same when trained again with ${workers} ${workers === 1 ? 'worker' : 'workers'}: ${what} at step ${step}${before}`,
    kept: 'the run, unchanged',
    next: 'run verify once more: another step means a fault of the machine (gradloom doctor), the same step that a file of the run was changed',
  });
}
