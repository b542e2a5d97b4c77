import { isDeepStrictEqual } from 'node:util';
import { averageFollowsLength } from '../../engine/plan/average.ts';
import type { EnginePlan } from '../../engine/plan/plan.ts';
import { GradloomError } from '../../errors.ts';
import { scheduleFollowsLength } from '../../optim/schedule.ts';
import { visitOwnFile } from '../../storage/read.ts';
import { type Basis, basisOf, isSameButLength } from '../checkpoint/basis.ts';
import { type Checkpoint, encodeCheckpoint, runStateIn } from '../checkpoint/checkpoint.ts';
import { type CheckpointFile, type CheckpointFiles, listCheckpoints, loadCheckpoint } from '../checkpoint/files.ts';
import type { RunState } from '../checkpoint/run-state.ts';
import { loadRunConfig } from '../files/config.ts';
import { runFile } from '../files/names.ts';
import { checkLines, type LineKind } from '../files/run-lines.ts';
import type { Prepared } from './prepare.ts';
import { Stops } from './stops.ts';

const PIECE_BYTES = 2 ** 20;

/** What a run has done of one that differs only in its length, read and verified: that one can begin with it, equal to the last bit. */
export interface Prefix {
  /** Directory of the run. */
  run: string;
  /** Updates done. */
  step: number;
  checkpoint: Checkpoint;
  /** The checkpoint of the best evaluation so far, where the experiment keeps that one and it is another. */
  best: Checkpoint | undefined;
  /** Contents of the files up to there. */
  lines: Record<LineKind, Uint8Array>;
}

/**
 * The longest prefix of a run among the checkpoints of others. There is none where what a step does depends on the length of the training:
 * under a schedule that ends with it, or with an average that starts at a share of it.
 *
 * @param runs  directories of runs with the same lineage
 */
export function findPrefix(runs: readonly string[], { plan, dataset }: Prepared): Prefix | undefined {
  const { experiment, batches } = plan;
  // The metrics of a run made by `extend` do not begin at the beginning.
  if (experiment.parent !== undefined || scheduleFollowsLength(experiment.schedule) || averageFollowsLength(experiment)) return undefined;
  const basis = basisOf(experiment, dataset);
  const files = runs
    .flatMap((run) => listCheckpoints(run).map((file) => ({ run, ...file })))
    .filter(({ step }) => step > 0 && step < batches.totalSteps)
    .sort((a, b) => b.step - a.step || b.rollbacks - a.rollbacks);
  for (const file of files) {
    const prefix = prefixOf(file.run, file.path, plan, basis);
    if (prefix !== undefined) return prefix;
  }
  return undefined;
}

function prefixOf(run: string, file: string, plan: EnginePlan, basis: Basis): Prefix | undefined {
  try {
    const checkpoint = loadCheckpoint(file);
    if (!isSameButLength(checkpoint.basis, basis) || !isOnTheWay(checkpoint, plan) || !hasBest(run, checkpoint, plan)) return undefined;
    const metrics = linesOf(run, 'metrics', checkpoint.metricsBytes);
    const digests = linesOf(run, 'digests', checkpoint.digestsBytes);
    if (metrics === undefined || digests === undefined) return undefined;
    const { step, saved } = checkpoint;
    // The digest of an end is its last line.
    const hasOther = saved.loop.isOver && !new Stops(plan).isDigest(step);
    const best = bestFile(run, checkpoint, plan);
    return {
      run,
      step,
      checkpoint,
      best: best === undefined || best.step === step ? undefined : loadCheckpoint(best.path),
      lines: { metrics, digests: hasOther ? withoutLast(digests) : digests },
    };
  } catch (error) {
    // Files that are damaged or gone cannot be gone on from; the work is done again instead.
    if (!(error instanceof GradloomError)) throw error;
    return undefined;
  }
}

/** Whether the longer run comes to this state. The end of a run is one only if the other looks at the same things there, and goes on. */
function isOnTheWay({ step, saved: { loop } }: Checkpoint, plan: EnginePlan): boolean {
  const patience = plan.experiment.train.early_stop?.patience ?? Number.POSITIVE_INFINITY;
  return !loop.isOver || (new Stops(plan).isLikeEnd(step) && (loop.earlyStop?.stale ?? 0) < patience);
}

/** Whether the run has kept the best checkpoint so far, where the experiment asks for it. */
function hasBest(run: string, checkpoint: Checkpoint, plan: EnginePlan): boolean {
  const { best } = plan.experiment.train.checkpoint;
  if (best === undefined) return true;
  const { experiment } = loadRunConfig(run);
  if (!isDeepStrictEqual(experiment.train.checkpoint.best, best)) return false;
  return checkpoint.saved.loop.bestKept === undefined || bestFile(run, checkpoint, plan) !== undefined;
}

function bestFile(run: string, { saved }: Checkpoint, { experiment }: EnginePlan): CheckpointFile | undefined {
  if (experiment.train.checkpoint.best === undefined) return undefined;
  return listCheckpoints(run).find(({ step }) => step === saved.loop.bestKept?.step);
}

/** So many bytes of a file; undefined if they are not whole lines. @throws GradloomError E_RUN_FILE, E_DATA_READ */
function linesOf(run: string, kind: LineKind, bytes: number): Uint8Array | undefined {
  if (checkLines(run, kind, bytes).length !== bytes) return undefined;
  const pieces: Buffer[] = [];
  visitOwnFile(runFile(run, kind), bytes, PIECE_BYTES, (piece) => pieces.push(Buffer.from(piece)));
  return Buffer.concat(pieces);
}

function withoutLast(lines: Uint8Array): Uint8Array {
  return lines.subarray(0, lines.lastIndexOf(0x0a, -2) + 1);
}

/** The state that a run begins with. @throws GradloomError E_TENSOR_MISMATCH */
export function stateAfter({ checkpoint, lines }: Prefix, plan: EnginePlan): RunState {
  const { loop, recorder, ...vectors } = runStateIn(checkpoint, plan);
  const { best } = plan.experiment.train.checkpoint;
  return {
    ...vectors,
    loop: { ...loop, isOver: false, bestKept: best && loop.bestKept },
    recorder: { ...recorder, metricsBytes: lines.metrics.length, digestsBytes: lines.digests.length },
  };
}

/**
 * Gives a new run the checkpoints of its prefix, so that from here on it needs the other one no more.
 *
 * @param state  what `stateAfter` returned
 * @throws GradloomError E_STORAGE
 */
export async function keepPrefix({ best }: Prefix, state: RunState, plan: EnginePlan, basis: Basis, files: CheckpointFiles): Promise<void> {
  for (const kept of best === undefined ? [state] : [runStateIn(best, plan), state]) {
    const { step, rollbacks } = kept.loop;
    await files.write({ step, rollbacks }, () => encodeCheckpoint(plan, kept, basis, files.generation));
  }
}
