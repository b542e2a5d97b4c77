import type { Experiment } from '../../config/schema/schema.ts';
import { GradloomError } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import type { Network } from '../../model/network.ts';
import { f32Bytes } from '../../model/parameters.ts';

/** Rows that go through the network together: positions [first, first + rows) of the epoch's order. */
export interface Batch {
  epoch: number;
  first: number;
  rows: number;
}

/** How a training set is cut into batches, and how many steps there are: pure functions of the experiment and the set's size. */
export interface BatchPlan {
  trainRows: number;
  /** Rows of every batch but perhaps the last of an epoch. */
  batchRows: number;
  /** Rows of the last batch of an epoch. */
  lastRows: number;
  /** Batches of an epoch, and of an update; an epoch's last update may have fewer. */
  batchesPerEpoch: number;
  batchesPerStep: number;
  stepsPerEpoch: number;
  totalSteps: number;
}

/** @throws GradloomError E_DATA_SPLIT where no batch can be made */
export function planBatches(experiment: Experiment, trainRows: number): BatchPlan {
  const { train, data } = experiment;
  if (trainRows === 0) throw new GradloomError({ code: 'E_DATA_SPLIT', where: 'data.split', message: 'the training set is empty' });
  const batchRows = train.batch_size === 'full' ? trainRows : Math.min(train.batch_size, trainRows);
  if (data.drop_last && train.batch_size !== 'full' && train.batch_size > trainRows) {
    const message = `train.batch_size ${train.batch_size} exceeds the ${trainRows} training samples, so data.drop_last leaves no batch`;
    throw new GradloomError({
      code: 'E_DATA_SPLIT',
      where: 'train.batch_size',
      message,
      next: 'lower train.batch_size or unset data.drop_last',
    });
  }
  const batchesPerEpoch = data.drop_last ? Math.floor(trainRows / batchRows) : Math.ceil(trainRows / batchRows);
  const lastRows = data.drop_last ? batchRows : trainRows - (batchesPerEpoch - 1) * batchRows;
  const batchesPerStep = train.accumulate;
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / batchesPerStep);
  const totalSteps = train.steps ?? (train.epochs ?? 0) * stepsPerEpoch;
  return { trainRows, batchRows, lastRows, batchesPerEpoch, batchesPerStep, stepsPerEpoch, totalSteps };
}

/** How many batches a step has: fewer at the end of an epoch. */
export function batchCount(plan: BatchPlan, step: number): number {
  const from = (step % plan.stepsPerEpoch) * plan.batchesPerStep;
  return Math.min(plan.batchesPerStep, plan.batchesPerEpoch - from);
}

/** Batch `index` of a step. */
export function batchAt(plan: BatchPlan, step: number, index: number): Batch {
  const number = (step % plan.stepsPerEpoch) * plan.batchesPerStep + index;
  const rows = number === plan.batchesPerEpoch - 1 ? plan.lastRows : plan.batchRows;
  return { epoch: Math.floor(step / plan.stepsPerEpoch), first: number * plan.batchRows, rows };
}

/** The batches of a step, in order. */
export function batchesAt(plan: BatchPlan, step: number): Batch[] {
  return Array.from({ length: batchCount(plan, step) }, (_, index) => batchAt(plan, step, index));
}

/** All rows of a step together. */
export function stepAt(plan: BatchPlan, step: number): Batch {
  const batches = batchesAt(plan, step);
  const [first] = batches;
  if (first === undefined) throw new RangeError(`step ${step} has no batch`);
  return { ...first, rows: batches.reduce((rows, batch) => rows + batch.rows, 0) };
}

/** Bytes of all tensors of pictures together that are evaluated at once, at most. */
const EVAL_BYTES = 2 ** 26;

/**
 * Rows evaluated at once. Those of networks of pictures are bounded: a picture can take a megabyte. It depends on the network alone, so
 * sums over batches do not depend on the workers.
 */
export function evalBatchRows({ train }: Experiment, { graph }: Pick<Network, 'graph'>, evalSetRows: number): number {
  const wanted = Math.min(train.eval.batch_size, evalSetRows);
  if (!graph.ops.some(({ type }) => type === 'conv' || type === 'pool')) return wanted;
  const bytes = f32Bytes(graph.rows.reduce((sum, { shape }) => sum + elements(shape), 0));
  return Math.min(wanted, Math.max(1, Math.floor(EVAL_BYTES / bytes)));
}
