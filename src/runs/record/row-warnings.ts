import type { Experiment } from '../../config/schema/schema.ts';
import { type Dataset, SPLITS } from '../../data/dataset.ts';
import type { BatchPlan } from '../../engine/plan/batches.ts';
import type { RunWarning } from '../events.ts';

/** What is used otherwise than the experiment's numbers seem to say, now that the rows are known: each as a sentence with the numbers. */
export function rowWarnings(
  { data, train }: Pick<Experiment, 'data' | 'train'>,
  { splits, sampleCount }: Pick<Dataset, 'splits' | 'sampleCount'>,
  { trainRows, batchesPerEpoch }: Pick<BatchPlan, 'trainRows' | 'batchesPerEpoch'>,
): RunWarning[] {
  const warnings: RunWarning[] = [];
  const warn = (code: RunWarning['code'], message: string): void => void warnings.push({ type: 'warning', code, message });
  const used = SPLITS.reduce((rows, part) => rows + splits[part].length, 0);
  for (const part of SPLITS) {
    // A count of 1 is more often meant as the whole.
    if (data.split[part] !== 1 || sampleCount <= 1) continue;
    const instead = part === 'train' ? 'rest for all that val and test leave, or 1.0 for every row' : 'a fraction below 1 for a share';
    warn('W_ONE_ROW', `data.split.${part}: 1 is a count, 1 of the ${sampleCount} samples; write ${instead}`);
  }
  if (used < sampleCount) {
    const sizes = SPLITS.map((part) => `${part} ${splits[part].length}`).join(', ');
    // Fractions that add up to one leave rows over, as each is rounded down.
    const instead = data.split.train === 'rest' ? '' : '; train: rest is all that val and test leave';
    warn('W_UNUSED_ROWS', `${sampleCount - used} of the ${sampleCount} samples are in no part of data.split: ${sizes}${instead}`);
  }
  if (train.batch_size !== 'full' && train.batch_size > trainRows) {
    warn('W_BATCH_SIZE', `train.batch_size ${train.batch_size} is more than the ${trainRows} training rows: each batch is all of them`);
  }
  if (train.accumulate > batchesPerEpoch) {
    const batches = `${batchesPerEpoch} ${batchesPerEpoch === 1 ? 'batch' : 'batches'}`;
    warn('W_BATCH_SIZE', `train.accumulate ${train.accumulate} is more than the ${batches} of an epoch: each update is a whole epoch`);
  }
  return warnings;
}
