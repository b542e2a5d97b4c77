import type { Experiment } from '../config/schema.ts';
import { GradloomError } from '../errors.ts';

/** The rows of one step: positions [first, first + rows) of the epoch's order. */
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
  stepsPerEpoch: number;
  /** Rows of the last batch of an epoch. */
  lastRows: number;
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
  const stepsPerEpoch = data.drop_last ? Math.floor(trainRows / batchRows) : Math.ceil(trainRows / batchRows);
  const lastRows = data.drop_last ? batchRows : trainRows - (stepsPerEpoch - 1) * batchRows;
  const totalSteps = train.steps ?? (train.epochs ?? 0) * stepsPerEpoch;
  return { trainRows, batchRows, stepsPerEpoch, lastRows, totalSteps };
}

export function batchAt(plan: BatchPlan, step: number): Batch {
  const epoch = Math.floor(step / plan.stepsPerEpoch);
  const index = step - epoch * plan.stepsPerEpoch;
  return { epoch, first: index * plan.batchRows, rows: index === plan.stepsPerEpoch - 1 ? plan.lastRows : plan.batchRows };
}
