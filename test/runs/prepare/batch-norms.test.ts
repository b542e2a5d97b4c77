import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import { EXIT, type GradloomError } from '../../../src/errors.ts';
import { inspectExperiment } from '../../../src/runs/prepare/inspect.ts';
import { train } from '../../../src/runs/training/train.ts';
import { threads } from '../../engine/support/warm-threads.ts';
import { finished, runTree } from '../support/run-tree.ts';

const LEAF = { scope: 'leaf' };

/** So many rows for training in batches of so many, and ten each for validation and test. */
function tree(rows: number, batch: number | 'full', norm: object | boolean, others: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    data: {
      source: { type: 'synthetic', kind: 'blobs', samples: rows + 20, features: 4, classes: 3 },
      split: { train: rows, val: 10, test: 10 },
      drop_last: others['drop_last'] ?? false,
    },
    model: {
      layers: [
        { type: 'dense', units: 4, activation: 'relu', batch_norm: norm },
        { type: 'dense', units: 3 },
      ],
    },
    train: { batch_size: batch, ...(others['train'] ?? { epochs: 1 }) },
    numerics: { leaves: others['leaves'] ?? 16 },
  };
}

for (const { title, given, code, message, next } of [
  {
    title: 'all of a training set of one row',
    given: tree(1, 'full', true),
    code: 'E_CONFIG_RANGE',
    message: 'the batch_norm of layers.0 can not normalise one row; got batches of 1; expected at least 2 rows',
    next: 'give a larger batch_size',
  },
  {
    title: 'a batch size above the one row there is',
    given: tree(1, 64, true),
    code: 'E_CONFIG_RANGE',
    message: 'the batch_norm of layers.0 can not normalise one row; got batches of 1; expected at least 2 rows',
    next: 'give a larger batch_size',
  },
  {
    title: 'a last batch of one row',
    given: tree(65, 32, true),
    code: 'E_DATA_SPLIT',
    message: 'the batch_norm of layers.0 can not normalise one row, and the last batch of an epoch has one: 65 rows in batches of 32',
    next: 'set data.drop_last: true, or another train.batch_size',
  },
  {
    title: 'a last batch of one row, of whole leaves',
    given: tree(33, 32, LEAF),
    code: 'E_DATA_SPLIT',
    message: 'the batch_norm of layers.0 can not normalise one row, and the last batch of an epoch has one: 33 rows in batches of 32',
    next: 'set data.drop_last: true, or another train.batch_size',
  },
  {
    title: 'leaves of one row beside leaves of two',
    given: tree(72, 24, LEAF),
    code: 'E_CONFIG_RANGE',
    message:
      'the batch_norm of layers.0 can not normalise 24 rows in 16 leaves, some of one row; got batches of 24; expected at least 32 rows',
    next: 'give a larger batch_size, fewer numerics.leaves, or scope: batch',
  },
] as const) {
  test.serial(`batch norm over a single row is refused by train and by check: ${title}`, async (t) => {
    const loaded = experimentFromObject(given);
    const run = train(loaded, { dry: true, engine: { threads } });
    for (const result of [run.result, inspectExperiment(loaded)]) {
      const error = await t.throwsAsync<GradloomError>(result);
      t.deepEqual([error?.code, error?.where, error?.message, error?.next], [code, 'train.batch_size', message, next]);
      t.is(error?.exitCode, code === 'E_DATA_SPLIT' ? EXIT.data : EXIT.config);
    }
  });
}

/** The same with a batch norm over the channels of pictures of so many pixels. */
function pictures(pixels: number, rows: number, batch: number, norm: object | boolean): Record<string, unknown> {
  const layers = [
    { type: 'reshape', shape: [1, 2, 2] },
    { type: 'conv2d', filters: 3, kernel: pixels === 4 ? 1 : 2, batch_norm: norm },
    { type: 'dense', units: 3 },
  ];
  return { ...tree(rows, batch, norm), model: { layers } };
}

test.serial('a row of several pixels is normalised over them, also alone; one of a single pixel is refused', async (t) => {
  for (const given of [pictures(4, 3, 1, true), pictures(4, 33, 32, true), pictures(4, 33, 16, LEAF)]) {
    const told = await runTree(given);
    t.is(finished(told).status, 'finished');
    t.deepEqual(told.warnings, []);
  }
  const error = await t.throwsAsync<GradloomError>(inspectExperiment(experimentFromObject(pictures(1, 3, 1, true))));
  t.is(error?.message, 'the batch_norm of layers.1 can not normalise one row; got batches of 1; expected at least 2 rows');
});

for (const { title, given } of [
  { title: 'two rows', given: tree(64, 2, true) },
  { title: 'a last batch of two rows', given: tree(66, 32, true) },
  { title: 'a last batch of one row that is dropped', given: tree(65, 32, true, { drop_last: true }) },
  { title: 'a training that ends before the last batch', given: tree(65, 32, true, { train: { steps: 2 } }) },
  { title: 'leaves of two rows', given: tree(64, 32, LEAF) },
  { title: 'no batch norm', given: tree(65, 1, false) },
]) {
  test.serial(`batch norm that has its rows trains without a word: ${title}`, async (t) => {
    const told = await runTree(given);
    t.is(finished(told).status, 'finished');
    t.deepEqual(told.warnings, []);
  });
}

test.serial('W_BATCH_NORM tells of leaves of one row in a short last batch, and check says the same', async (t) => {
  const given = tree(72, 32, LEAF);
  const message =
    'the last batch of an epoch has 8 rows for 16 leaves: nothing below the batch_norm of layers.0 learns from a leaf of one row; data.drop_last: true leaves that batch out';
  const { warnings } = await runTree(given);
  t.deepEqual(warnings, [{ type: 'warning', code: 'W_BATCH_NORM', message }]);
  t.deepEqual((await inspectExperiment(experimentFromObject(given))).notices, [message]);
  t.deepEqual((await runTree(tree(72, 32, LEAF, { drop_last: true }))).warnings, []);
});
