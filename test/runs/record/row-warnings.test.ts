import test from 'ava';
import { loadDataset } from '../../../src/data/load.ts';
import { planBatches } from '../../../src/engine/plan/batches.ts';
import { rowWarnings } from '../../../src/runs/record/row-warnings.ts';
import { parse } from '../../config/support/experiments.ts';

const TEXT = `data: {source: {type: synthetic, kind: blobs, samples: 300}}
model: {layers: [{type: dense, units: 3}]}
train: {batch_size: 20}
`;

const cases: { overrides: string[]; warnings: string[] }[] = [
  { overrides: [], warnings: [] },
  { overrides: ['train.batch_size=full'], warnings: [] },
  { overrides: ['train.batch_size=240', 'train.accumulate=1'], warnings: [] },
  {
    overrides: ['train.batch_size=241'],
    warnings: ['W_BATCH_SIZE train.batch_size 241 is more than the 240 training rows: each batch is all of them'],
  },
  {
    overrides: ['train.accumulate=13'],
    warnings: ['W_BATCH_SIZE train.accumulate 13 is more than the 12 batches of an epoch: each update is a whole epoch'],
  },
  {
    overrides: ['data.split={train: 100, val: 50, test: 0.1}'],
    warnings: [
      'W_UNUSED_ROWS 120 of the 300 samples are in no part of data.split: train 100, val 50, test 30; train: rest is all that val and test leave',
    ],
  },
  {
    overrides: ['data.split={train: 0.7, val: 0.149, test: 0.149}'],
    warnings: [
      'W_UNUSED_ROWS 2 of the 300 samples are in no part of data.split: train 210, val 44, test 44; train: rest is all that val and test leave',
    ],
  },
  {
    overrides: ['data.split={train: rest, val: 0.149, test: 0.149}'],
    warnings: [],
  },
  {
    overrides: ['data.split.train=1', 'train.batch_size=1'],
    warnings: [
      'W_ONE_ROW data.split.train: 1 is a count, 1 of the 300 samples; write rest for all that val and test leave, or 1.0 for every row',
      'W_UNUSED_ROWS 239 of the 300 samples are in no part of data.split: train 1, val 30, test 30; train: rest is all that val and test leave',
    ],
  },
  {
    overrides: ['data.split.val=1'],
    warnings: ['W_ONE_ROW data.split.val: 1 is a count, 1 of the 300 samples; write a fraction below 1 for a share'],
  },
];
for (const { overrides, warnings } of cases) {
  test(`${overrides.join(' ') || 'the defaults'}: ${warnings.length === 0 ? 'nothing to tell' : 'told with the numbers'}`, async (t) => {
    const { experiment } = parse(TEXT, overrides);
    const dataset = await loadDataset(experiment);
    const found = rowWarnings(experiment, dataset, planBatches(experiment, dataset.splits.train.length));
    t.deepEqual(
      found.map(({ code, message }) => `${code} ${message}`),
      warnings,
    );
  });
}
